package exposition

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kubevitals/kubevitals/test/leakybody"
)

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

// FuzzParse verifies that a body counts the same however it comes in, and that families
// sum up to the whole.
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
