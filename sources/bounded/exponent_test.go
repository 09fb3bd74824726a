package bounded

import (
	"encoding/json"
	"testing"
)

// TestQuantities verifies that what takes a parser of quantities for ever is refused, in
// whatever way it is written, and that nothing else is taken for it.
func TestQuantities(t *testing.T) {
	t.Parallel()
	for text, small := range map[string]bool{
		`"1e-2000000000"`: true, `1e-2000000000`: true, `[1,-1.5E-12345]`: true, `{"a":"1e-12345","b":1}`: true, `{"1e-12345":1}`: true,
		`"1\u0065-2000000000"`: true, `"\u0031e-2000000000"`: true, `"1e\u002d2000000000"`: true, `"1e-20\u0030000000"`: true,
		`"14425257-3714-4641-92e6-525533637380"`: false, `"10344099-8068-4542-9e13-602448091597"`: false, `"10344099-8068-4542-9113-602448091e-7"`: false, `"92e6-525533637380"`: false, `"e-525533637380"`: false, `"-e-525533637380"`: false, `"1.e-525533637380"`: true,
		`"\"1234567890\""`: false, `"\u003c1e-1234567"`: false, `"1e\u002D12345"`: true, `"\n1e-12345"`: false, `"\u4e2d1e-12345"`: false,
		`"1e-9"`: false, `"1e-00000009"`: false, `"100m"`: false, `"1e2000000000"`: false, `"1e+99999"`: false, `"\u0031\u0032"`: false, `"12e3456789"`: false, `"1e-12345-x"`: false,
		`"5f1e-12345678"`: false, `"8d3e-1234567"`: false, `"1e-1234 5678"`: false, `1e-9`: false, `["1e-9","123456789"]`: false,
		`"2026-11-29T10:00:00Z"`: false, `"say \"1e-9\""`: false, `"a\\"`: false, `{"uid":"12345678-1234-1234-1234-123456789012"}`: false,
	} {
		if !json.Valid([]byte(text)) {
			t.Errorf("%s is no JSON", text)
		}
		if err := (JSON{Quantities: true}).Check([]byte(text + "\n")); Is(err) != small && !(small && text[0] != '[' && text[0] != '{') {
			t.Errorf("%s: %v, want refused: %t", text, err, small)
		}
		// A list holds each value, as those of Kubernetes do.
		if err := (JSON{Quantities: true}).Check([]byte("[" + text + "]")); Is(err) != small {
			t.Errorf("[%s]: %v, want refused: %t", text, err, small)
		}
	}
	for text, small := range map[string]bool{"1e-2000000000": true, "1E-20000": true, "1e-9": false, "1e-0000000009": false, "100m": false, "": false} {
		if err := Quantity(text); Is(err) != small {
			t.Errorf("%s: %v, want refused: %t", text, err, small)
		}
	}
}
