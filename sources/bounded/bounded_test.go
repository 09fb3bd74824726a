package bounded

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReader(t *testing.T) {
	t.Parallel()
	for size := range 8 {
		got, err := io.ReadAll(Reader(strings.NewReader("0123456"[:size]), 5))
		if len(got) != min(size, 5) || Is(err) != (size > 5) {
			t.Errorf("%d of %d bytes, %v", len(got), size, err)
		}
	}
	r := Reader(strings.NewReader("0123456789"), 5)
	if _, err := io.ReadAll(r); err == nil || !strings.Contains(err.Error(), "larger than 5 bytes") {
		t.Errorf("error %v", err)
	}
	if n, err := r.Read(make([]byte, 8)); n != 0 || !Is(err) {
		t.Errorf("read on after the bound: %d bytes, %v", n, err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	limits := JSON{Bytes: 100, Value: 40, Depth: 3, Token: 12, Values: 9}
	for _, test := range []struct{ name, text, err string }{
		{"within all", `{"a":[1,{"b":"]]]]"}]}`, ""},
		{"two values in a row", strings.Repeat(`{"a":[1,2,3]}  `, 2), ""},
		{"braces in strings", `["{{{\"[[[", "\\"]`, ""},
		{"deep", `[[[[`, "nested deeper than 3"},
		{"deep objects", `{"a":{"a":{"a":{`, "nested deeper than 3"},
		{"many that end do not nest", `[[],[],[],[]]`, ""},
		{"a long string", `["aaaaaaaaaaaaaaaaaa"]`, "longer than 12 bytes"},
		{"a long key", `{"aaaaaaaaaaaaaaaaaa":1}`, "longer than 12 bytes"},
		{"a long number", `[1111111111111111]`, "longer than 12 bytes"},
		{"a long blank", `[               1]`, "longer than 12 bytes"},
		{"a quote that is escaped", `["\"\"\"\"\"\"\"\""]`, "longer than 12 bytes"},
		{"many values", `[1,1,1,1,1,1,1,1,1,1]`, "more than 9 values"},
		{"large", strings.Repeat("[1]\n", 30), "larger than 100 bytes"},
		{"a large value", `["aaaaaa","aaaaaa","aaaaaa","aaaaaa","aaaaaa"]`, "a value is larger than 40 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for name, r := range map[string]io.Reader{
				"whole": strings.NewReader(test.text), "byte by byte": iotest.OneByteReader(strings.NewReader(test.text)),
			} {
				got, err := io.ReadAll(limits.Reader(r))
				if test.err == "" {
					if err != nil || string(got) != test.text {
						t.Errorf("%s: got %q, %v", name, got, err)
					}
					continue
				}
				if !Is(err) || name == "whole" && !strings.Contains(err.Error(), test.err) {
					t.Errorf("%s: error %v, want %q", name, err, test.err)
				}
			}
			if err := limits.Check([]byte(test.text)); Is(err) != (test.err != "") {
				t.Errorf("check: %v", err)
			}
		})
	}
}

// TestErrorStays verifies that a decoder which tries again after an error gets no more.
func TestErrorStays(t *testing.T) {
	t.Parallel()
	r := JSON{Depth: 1}.Reader(strings.NewReader(`[[1]]`))
	for range 2 {
		if n, err := r.Read(make([]byte, 8)); n != 0 || !Is(err) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	text := `{"small":{"a":1},"large":[` + strings.Repeat("1,", 8<<10) + `1]}`
	r := JSON{}.Reader(iotest.OneByteReader(strings.NewReader(text)))
	d := json.NewDecoder(r)
	var value json.RawMessage
	for _, step := range []struct {
		bytes int64
		err   bool
	}{{64, false}, {64, true}} {
		for range 2 { // the brace or the comma, and the key
			if token, err := d.Token(); err != nil {
				t.Fatal(err)
			} else if _, isKey := token.(string); isKey {
				break
			}
		}
		r.Within(step.bytes)
		if err := d.Decode(&value); Is(err) != step.err {
			t.Errorf("within %d bytes: %v", step.bytes, err)
		}
		r.Within(0)
	}
}

func TestOtherErrorsPass(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if _, err := io.ReadAll(JSON{Depth: 1}.Reader(iotest.ErrReader(broken))); !errors.Is(err, broken) || Is(err) {
		t.Errorf("error %v", err)
	}
}

// TestOnce verifies that a key that the outermost object has twice is refused, and so is
// what follows that object, and nothing else.
func TestOnce(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"node":{"node":1,"x":{"node":2}},"pods":[{"node":3},"node",["node"]]}` + "\n \t\r": "",
		`{"a":"node","nodes":1,"nod":2,"Node":3,"node":4,"":5}`:                              "",
		`[{"node":1},{"node":2}]`:                             "",
		`{"node":1,"pods":[{}],"node":2}`:                     "twice",
		`{"node":1,"\u006eode":2}`:                            "twice",
		`{"a":[1,{"b":"}"}], "node" : "\"node\"" , "node":2}`: "twice",
		`{"node":1}{"node":2}`:                                "follows",
		`{"node":1} x`:                                        "follows",
		`[1]` + "\n" + `[2]`:                                  "follows",
	} {
		err := JSON{Once: "node"}.Check([]byte(text))
		if (err != nil) != (want != "") || err != nil && (!Is(err) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for text, whole := range map[string]bool{`{"a":[]}`: true, `{"a":[`: false, "": false, `{"a":"}`: false} {
		r := JSON{Once: "node"}.Reader(strings.NewReader(text))
		if _, err := io.ReadAll(r); err != nil || r.Whole() != whole {
			t.Errorf("%s: whole %v, %v", text, r.Whole(), err)
		}
	}
}

// FuzzJSON compares with what the decoder of the standard library finds.
func FuzzJSON(f *testing.F) {
	f.Add(`{"a":[1,{"b":"]\"]"}],"c":null}`, 2)
	f.Add(`[[[[]]],"\\"]`, 3)
	f.Fuzz(func(t *testing.T, text string, depth int) {
		if depth < 1 || depth > 100 || !json.Valid([]byte(text)) {
			return
		}
		deepest, now, once := 0, 0, 0
		isKey := false
		d := json.NewDecoder(strings.NewReader(text))
		for token, err := d.Token(); err == nil; token, err = d.Token() {
			switch token {
			case json.Delim('{'), json.Delim('['):
				now++
			case json.Delim('}'), json.Delim(']'):
				now--
			case "a":
				if isKey {
					once++
				}
			}
			deepest = max(deepest, now)
			// At depth 1 of an object, each value is followed by a key.
			isKey = now == 1 && strings.HasPrefix(strings.TrimSpace(text), "{") && !isKey
		}
		if err := (JSON{Once: "a"}).Check([]byte(text)); Is(err) != (once > 1) && !strings.Contains(text, `\`) {
			t.Errorf("%q is there %d times: %v", "a", once, err)
		}
		if err := (JSON{Depth: depth}).Check([]byte(text)); Is(err) != (deepest > depth) {
			t.Errorf("nested %d deep, of %d allowed: %v", deepest, depth, err)
		}
	})
}
