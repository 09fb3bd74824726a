package exposition

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kubevitals/kubevitals/test/leakybody"
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
		{"no newline at the end", "a 1\na{b=\"c\"} 2", map[string]int64{"a": 2}},
		{"carriage returns", "a 1\r\na{x=\"y\"} 2\r\n\r\n", map[string]int64{"a": 2}},
		{"timestamps", "a{x=\"y\"} 1 1700000000000\nb 2 1700000000000\n", map[string]int64{"a": 1, "b": 1}},
		{"one name begins another", "ab 1\na 1\nab{x=\"\"} 1\nabc 1\n", map[string]int64{"a": 1, "ab": 2, "abc": 1}},
		{"braces, quotes and hashes in values", `a{x="}{\"# \\"} 1` + "\n" + `a{x="\n"} 1` + "\n", map[string]int64{"a": 2}},
		{"spaces around", " a  1\na\t2\n", map[string]int64{"a": 2}},
		{"exemplars and EOF", "a_bucket{le=\"1\"} 1 # {trace_id=\"x\"} 0.5 1.0\n# EOF\n", map[string]int64{"a_bucket": 1}},
		{"quoted names", "{\"a.b\",x=\"y\"} 1\n{\"a.b\"} 2\n{\"with \\\" quote\"} 3\n", map[string]int64{"a.b": 2, `with " quote`: 1}},
		{"special values", "a NaN\na{x=\"1\"} +Inf\na{x=\"2\"} -1e-9\n", map[string]int64{"a": 3}},
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
		{"a connection that broke off in the labels", "a 1\nb{x=\"y", "line 2: a sample without a value"},
		{"a connection that broke off before the value", "a 1\nb{x=\"y\"}", "line 2: a sample without a value"},
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
zz 1
aa 1
`, Options{TopN: 2})
	want := Report{
		Bytes: r.Bytes, Series: 7, Families: 6, Informer: 3, ResidentBytes: 1.5e8, StartTime: 1.79e9,
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

// TestGuideTable reproduces the guide's count of a leaking kubelet.
func TestGuideTable(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	if err := leakybody.Write(&body, leakybody.GuideReflectors); err != nil {
		t.Fatal(err)
	}
	report, err := Parse(&body, Options{TopN: 100})
	if err != nil {
		t.Fatal(err)
	}
	got := counts(report)
	quantiles := []string{
		"reflector_watch_duration_seconds", "reflector_list_duration_seconds",
		"reflector_items_per_watch", "reflector_items_per_list",
	}
	single := []string{
		"reflector_watches_total", "reflector_watch_duration_seconds_sum", "reflector_watch_duration_seconds_count",
		"reflector_short_watches_total", "reflector_lists_total", "reflector_list_duration_seconds_sum",
		"reflector_list_duration_seconds_count", "reflector_last_resource_version", "reflector_items_per_watch_sum",
		"reflector_items_per_watch_count", "reflector_items_per_list_sum", "reflector_items_per_list_count",
	}
	want := map[string]int64{"storage_operation_duration_seconds_bucket": 165, "process_resident_memory_bytes": 1}
	for _, name := range quantiles {
		want[name] = 25749
	}
	for _, name := range single {
		want[name] = 8583
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the guide's table (-want +got):\n%s", diff)
	}
	if report.Informer != 24*8583 {
		t.Errorf("%d series of reflectors, want %d", report.Informer, 24*8583)
	}
}

// reference counts the slow way.
func reference(body string) map[string]int64 {
	m := map[string]int64{}
	for line := range strings.SplitSeq(body, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, _, _ := strings.Cut(line, "{")
		name, _, _ = strings.Cut(name, " ")
		m[name]++
	}
	return m
}

func TestAgreesWithTheSlowWay(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var b strings.Builder
		for range random.IntN(400) {
			name := strings.Repeat("ab_", 1+random.IntN(3)) + string(rune('a'+random.IntN(4)))
			switch random.IntN(5) {
			case 0:
				fmt.Fprintf(&b, "# TYPE %s gauge\n", name)
			case 1:
				fmt.Fprintf(&b, "%s %d\n", name, random.IntN(9))
			default:
				fmt.Fprintf(&b, "%s{x=%q,y=\"}\"} %d\n", name, strings.Repeat("v#", random.IntN(2000)), random.IntN(9))
			}
		}
		report, err := Parse(iotest.HalfReader(strings.NewReader(b.String())), Options{TopN: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(reference(b.String()), counts(report)); diff != "" {
			t.Fatalf("(-slow +fast):\n%s", diff)
		}
	}
}

// TestAgreesWithExpfmt compares the number of series with what Prometheus' own
// parser makes of the same body.
func TestAgreesWithExpfmt(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	if err := leakybody.Write(&body, 50); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var want int64
	for _, f := range families {
		for _, m := range f.Metric {
			switch {
			case m.Summary != nil:
				want += int64(len(m.Summary.Quantile)) + 2
			case m.Histogram != nil:
				want += int64(len(m.Histogram.Bucket))
			default:
				want++
			}
		}
	}
	report, err := Parse(&body, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if report.Series != want {
		t.Errorf("%d series, expfmt finds %d", report.Series, want)
	}
}

//nolint:paralleltest // allocations can only be counted while nothing else runs
func TestMemoryDoesNotGrowWithTheBody(t *testing.T) {
	allocations := func(reflectors int) float64 {
		var body bytes.Buffer
		if err := leakybody.Write(&body, reflectors); err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(3, func() {
			if _, err := Parse(bytes.NewReader(body.Bytes()), Options{TopN: 5}); err != nil {
				t.Error(err)
			}
		})
	}
	if small, large := allocations(10), allocations(2000); large > small+2 {
		t.Errorf("%v allocations for 10 reflectors, %v for 2,000", small, large)
	}
}

func FuzzParse(f *testing.F) {
	var body bytes.Buffer
	if err := leakybody.Write(&body, 2); err != nil {
		f.Fatal(err)
	}
	f.Add(body.Bytes())
	f.Add([]byte("{\"a.b\",x=\"y\"} 1\n# EOF\n"))
	f.Add([]byte("a{x=\"\\\"}\"} 1 # {t=\"u\"} 2\n"))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		visit := map[string]func(labels, value []byte){"a": func(labels, _ []byte) { Label(labels, "x") }}
		whole, errWhole := Parse(bytes.NewReader(body), Options{TopN: 1000, Visit: visit})
		split, errSplit := Parse(iotest.OneByteReader(bytes.NewReader(body)), Options{TopN: 1000, Visit: visit})
		if (errWhole == nil) != (errSplit == nil) {
			t.Fatalf("whole: %v, byte by byte: %v", errWhole, errSplit)
		}
		if errWhole != nil {
			return
		}
		if diff := cmp.Diff(whole, split, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("whole and byte by byte differ:\n%s", diff)
		}
		var sum int64
		for n := range maps.Values(counts(whole)) {
			sum += n
		}
		if sum != whole.Series {
			t.Errorf("families sum up to %d of %d series", sum, whole.Series)
		}
	})
}
