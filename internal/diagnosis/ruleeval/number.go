package ruleeval

import (
	"encoding/json"
	"math"
	"strconv"
)

// Number is the value of a sample. JSON has no NaN and no infinity: these are strings
// there, written as Prometheus writes them.
type Number float64

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return json.Marshal(strconv.FormatFloat(f, 'f', -1, 64))
	}
	return json.Marshal(f)
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Number) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		f, err := strconv.ParseFloat(text, 64)
		*n = Number(f)
		return err
	}
	return json.Unmarshal(raw, (*float64)(n))
}
