package exposition

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kubevitals/kubevitals/test/leakybody"
)

// begins is how a sample begins, a name or a brace: expfmt takes quoted names without
// braces, too, and values right behind a name, which are not in the format.
var begins = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*[ \t{]|\{)`)

// slowly counts with the parser of Prometheus' own libraries; false if it refuses the
// body. Without comments it knows no types, so that each sample is one metric.
func slowly(body []byte) (map[string]int64, bool) {
	var samples bytes.Buffer
	for line := range bytes.Lines(body) {
		start := bytes.Trim(line, " \t\n") // nothing else is blank in the format
		if len(start) > 0 && start[0] == '#' {
			continue
		}
		if len(start) > 0 && !begins.Match(start) {
			return nil, false
		}
		samples.Write(line)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&samples)
	if err != nil {
		return nil, false
	}
	counts := map[string]int64{}
	for name, f := range families {
		counts[name] = int64(len(f.Metric))
	}
	return counts, true
}

// FuzzAgreesWithPrometheus compares what is counted with what the parser of Prometheus'
// own libraries makes of a body, wherever that one takes it.
func FuzzAgreesWithPrometheus(f *testing.F) {
	var body bytes.Buffer
	if err := leakybody.Write(&body, 1); err != nil {
		f.Fatal(err)
	}
	f.Add(body.Bytes())
	f.Add([]byte("a{b=\"}\\\"\",} 1 1700000000000\n\t b 2\n# HELP a b\n{\"a b\",c=\"d\"} 3\n"))
	f.Add([]byte("a 1\n\n\na NaN\nb{} +Inf\n"))
	f.Add([]byte("\r#"))
	f.Fuzz(func(t *testing.T, body []byte) {
		want, ok := slowly(body)
		// Of a last line that is cut off, Prometheus takes comments.
		isCut := len(body) > 0 && body[len(body)-1] != '\n'
		if !ok || isCut || bytes.Contains(body, []byte("# EOF")) { // which ends OpenMetrics, and is a comment in the text format
			return
		}
		got, err := Parse(bytes.NewReader(body), Options{TopN: 1 << 20})
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		if got.Truncated {
			return
		}
		if diff := cmp.Diff(want, counts(got)); diff != "" {
			t.Errorf("(-Prometheus +ours):\n%s", diff)
		}
	})
}
