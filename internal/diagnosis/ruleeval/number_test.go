package ruleeval_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

func TestNumberInJSON(t *testing.T) {
	t.Parallel()
	for text, value := range map[string]float64{
		"1.5": 1.5, "2451550918": 2451550918, `"NaN"`: math.NaN(), `"+Inf"`: math.Inf(1), `"-Inf"`: math.Inf(-1),
	} {
		raw, err := json.Marshal(ruleeval.Evidence{Value: ruleeval.Number(value)})
		if want := `{"series":"","value":` + text + `}`; err != nil || string(raw) != want {
			t.Errorf("%v becomes %s, %v; want %s", value, raw, err, want)
		}
		var back ruleeval.Evidence
		got := func() float64 { return float64(back.Value) }
		if err := json.Unmarshal(raw, &back); err != nil || got() != value && !(math.IsNaN(got()) && math.IsNaN(value)) {
			t.Errorf("%s becomes %v, %v; want %v", raw, got(), err, value)
		}
	}
	var n ruleeval.Number
	if err := json.Unmarshal([]byte(`"many"`), &n); err == nil {
		t.Error("a word is a number")
	}
}
