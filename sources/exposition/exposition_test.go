package exposition

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, body string, o Options) Report {
	t.Helper()
	report, err := Parse(strings.NewReader(body), o)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return report
}

// counts are the families of a report as a map.
func counts(r Report) map[string]int64 {
	m := map[string]int64{}
	for _, f := range r.Top {
		m[f.Name] = f.Series
	}
	return m
}

func TestForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       map[string]int64
	}{
		{"empty", "", map[string]int64{}},
		{"comments and blank lines", "# HELP a b\n\n# TYPE a gauge\na 1\n#\n", map[string]int64{"a": 1}},
		{"carriage returns", "a 1\r\na{x=\"y\"} 2\r\n\r\n", map[string]int64{"a": 2}},
		{"timestamps", "a{x=\"y\"} 1 1700000000000\nb 2 1700000000000\n", map[string]int64{"a": 1, "b": 1}},
		{"one name begins another", "ab 1\na 1\nab{x=\"\"} 1\nabc 1\n", map[string]int64{"a": 1, "ab": 2, "abc": 1}},
		{"braces, quotes and hashes in values", `a{x="}{\"# \\"} 1` + "\n" + `a{x="\n"} 1` + "\n", map[string]int64{"a": 2}},
		{"spaces around", " a  1\na\t2\n", map[string]int64{"a": 2}},
		{"exemplars and EOF", "a_bucket{le=\"1\"} 1 # {trace_id=\"x\"} 0.5 1.0\n# EOF\n", map[string]int64{"a_bucket": 1}},
		{"quoted names", "{\"a.b\",x=\"y\"} 1\n{\"a.b\"} 2\n{\"with \\\" quote\"} 3\n", map[string]int64{"a.b": 2, `with " quote`: 1}},
		{"special values", "a NaN\na{x=\"1\"} +Inf\na{x=\"2\"} -1e-9\n", map[string]int64{"a": 3}},
		{"an end without a newline", "a 1\n# EOF", map[string]int64{"a": 1}},
		{"a blank without a newline", "a 1\n \t", map[string]int64{"a": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, r := range map[string]io.Reader{
				"whole": strings.NewReader(tt.body), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.body)),
			} {
				report, err := Parse(r, Options{TopN: 100})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(tt.want, counts(report)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
				if report.Bytes != int64(len(tt.body)) || report.Truncated {
					t.Errorf("%s: %d bytes, truncated %t; want %d and false", name, report.Bytes, report.Truncated, len(tt.body))
				}
			}
		})
	}
}

func TestMalformedBodies(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, says string }{
		{"an error page", "<!DOCTYPE html>\n<p>502</p>\n", `line 1: not a sample of the Prometheus text format: "<!DOCTYPE html>"`},
		{"JSON", "{\n\"kind\": \"Status\"\n}\n", "line 1: braces without a quoted name"},
		{"an error text", "a 1\nUnauthorized\n", `line 2: not a sample`},
		{"a connection that broke off in the labels", "a 1\nb{x=\"y", "line 2: the body is cut off"},
		{"a connection that broke off before the value", "a 1\nb{x=\"y\"}", "line 2: the body is cut off"},
		{"a connection that broke off in the value", "a 1\nb 12", "line 2: the body is cut off in a line: \"b 12\""},
		{"a connection that broke off in a comment", "a 1\n# HELP b", "line 2: the body is cut off"},
		{"a connection that broke off in a long line", "a 1\nb{x=\"" + strings.Repeat("y", 2*bufferSize), "line 2: the body is cut off"},
		{"a line without a value", "a 1\nb{x=\"y\"}\n", "line 2: a sample without a value"},
		{"a sample after the end", "# EOF\na 1\n", "line 2: a sample after # EOF"},
		{"a quoted name without an end", "{\"a 1\n", "line 1: a quoted name without an end"},
		{"a bad name", "0a 1\n", "line 1: not a sample"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse(strings.NewReader(tt.body), Options{}); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
	broken := io.MultiReader(strings.NewReader("a 1\n"), iotest.ErrReader(errors.New("reset")))
	if _, err := Parse(broken, Options{}); err == nil || !strings.Contains(err.Error(), "reset") {
		t.Errorf("a reader that fails: %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	body := "a 1\nb 1\nb{x=\"y\"} 1\nc 1\n"
	all := int64(len(body))
	if r := parse(t, body, Options{BodyLimit: all}); r.Truncated || r.Series != 4 {
		t.Errorf("a body as large as the limit: %+v", r)
	}
	if r := parse(t, body, Options{BodyLimit: 6}); !r.Truncated || r.Series != 1 || r.Bytes != 6 {
		t.Errorf("a body beyond the limit: %+v", r)
	}
	r := parse(t, body, Options{FamilyLimit: 1, TopN: 9})
	if !r.Truncated || r.Series != 4 || r.Families != 1 || counts(r)["a"] != 1 {
		t.Errorf("more families than the limit: %+v", r)
	}
	long := "a{x=\"" + strings.Repeat("y", 3*bufferSize) + "\"} 1\nb 2\n"
	if r := parse(t, long, Options{TopN: 9}); r.Series != 2 || counts(r)["a"] != 1 || counts(r)["b"] != 1 {
		t.Errorf("a line longer than the buffer: %+v", r)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := parse(t, `informer_queued_items{name="x"} 1
reflector_lists_total{name="a"} 1
reflector_lists_total{name="b"} 1
process_resident_memory_bytes 1.5e+08
process_start_time_seconds 1.79e+09
kubelet_certificate_manager_client_ttl_seconds -3600.5
zz 1
aa 1
`, Options{TopN: 2})
	want := Report{
		Bytes: r.Bytes, Series: 8, Families: 7, Informer: 3, ResidentBytes: 1.5e8, StartTime: 1.79e9, ClientCertificateTTL: -3600.5,
		Top: []FamilyCount{{"reflector_lists_total", 2}, {"aa", 1}},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if r := parse(t, "a 1\n", Options{}); !math.IsNaN(r.ResidentBytes) || !math.IsNaN(r.StartTime) || len(r.Top) != 0 {
		t.Errorf("without memory, start and top: %+v", r)
	}
}

func TestVisit(t *testing.T) {
	t.Parallel()
	var seen []string
	visit := func(labels, value []byte) {
		resource, _ := Label(labels, "resource")
		_, verb := Label(labels, "verb")
		seen = append(seen, fmt.Sprintf("%s|%t|%s", resource, verb, value))
	}
	parse(t, `other{resource="x"} 9
w{verb="WATCH",resource="a\"},{"} 1
w{resource="b" , verb="WATCH"} 2 1700000000000
w 3
{"w",resource="c"} 4
`, Options{Visit: map[string]func(labels, value []byte){"w": visit}})
	want := []string{`a"},{|true|1`, "b|true|2", "|false|3", "c|false|4"}
	if !slices.Equal(seen, want) {
		t.Errorf("visited %q, want %q", seen, want)
	}
}

// TestTornValues verifies that a body that ends in the midst of a line is an error, and
// that a value of which digits may be missing, or that is no number, is not told.
func TestTornValues(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"size 1234\n": "1234", "size 1234": "", "size 1234\nsize 56": "1234", "size{a=\"b\"} 12": "",
		"size 12\nsize 1e\n": "12", "size 1e999\n": "1e999", "size 0x\n": "",
	} {
		got := ""
		_, err := Parse(strings.NewReader(body), Options{Visit: map[string]func(labels, value []byte){
			"size": func(_, value []byte) { got += string(value) },
		}})
		whole := body == "size "+want+"\n"
		if (err == nil) != whole || got != want {
			t.Errorf("%q: %q, %v; want %q", body, got, err, want)
		}
	}
}
