package bounded

import (
	"fmt"
	"io"
)

// JSON is what a text of JSON may cost. A zero is no bound.
type JSON struct {
	// Bytes is of the whole text.
	Bytes int64
	// Value is of one value that stands in no other, as in a stream of them, in bytes.
	Value int64
	// Depth is how deep arrays and objects may be nested: a decoder that goes token by
	// token remembers each level.
	Depth int
	// Token is the length of a string, a number or a blank, all of which decoders hold
	// as a whole, in bytes.
	Token int
	// Values is how many values a text may hold. Decoded, an empty one takes a hundred
	// times what it takes as text.
	Values int
	// Quantities says that a decoder takes texts for quantities: none may have an exponent
	// that takes for ever.
	Quantities bool
	// Once is a key that the outermost object may have once. With it, nothing may follow
	// that object: of two texts, decoders would each take another one.
	Once string
}

// Reader returns a reader of r that fails with an *Error as soon as what was read of
// it goes beyond a bound. It does not care whether the text is JSON otherwise.
func (l JSON) Reader(r io.Reader) *JSONReader { return &JSONReader{r: r, limits: l} }

// Check returns nil if a text is within the bounds, and an *Error otherwise.
func (l JSON) Check(text []byte) error {
	j := &JSONReader{limits: l}
	return j.scan(text)
}

// JSONReader passes a text on for as long as it is within its bounds.
type JSONReader struct {
	r      io.Reader
	limits JSON
	err    error

	read    int64 // bytes
	until   int64 // where the present value of a decoder has to end; 0 is no bound
	most    int64 // how long that value may be
	start   int64 // of the present value that stands in no other
	depth   int
	token   int // length of the present one
	values  int
	quoted  bool
	escaped bool
	number  number // the present string or number, for Quantities
	small   bool   // one had too small an exponent

	// Of Once:
	ended bool // the outermost value is over
	after bool // and something follows it
	isKey bool // the next or present string at depth 1 is a key
	match int  // how many bytes of it were as in Once so far; -1 if one was not
	found int  // how often the key was met
}

// Whole tells whether the outermost value was read to its end.
func (j *JSONReader) Whole() bool { return j.ended }

// Within allows the value that is decoded next so many bytes; 0 ends that bound. What
// a decoder has read ahead counts in its favour.
func (j *JSONReader) Within(bytes int64) {
	j.until, j.most = 0, bytes
	if bytes > 0 {
		j.until = j.read + bytes
	}
}

// Read implements io.Reader.
func (j *JSONReader) Read(p []byte) (int, error) {
	if j.err != nil {
		return 0, j.err
	}
	// A decoder that has room for more must not get more than it may hold.
	const most = 32 << 10
	n, err := j.r.Read(p[:min(len(p), most)])
	if j.err = j.scan(p[:n]); j.err != nil {
		return 0, j.err
	}
	return n, err
}

func (j *JSONReader) scan(text []byte) error {
	l := j.limits
	for _, c := range text {
		j.read++
		if l.Quantities {
			j.quantity(c)
		}
		j.byte(c)
		switch {
		case j.small:
			return errExponent()
		case l.Token > 0 && j.token > l.Token:
			return &Error{"a string, number or blank is longer than " + Size(int64(l.Token))}
		case l.Depth > 0 && j.depth > l.Depth:
			return &Error{fmt.Sprintf("arrays and objects are nested deeper than %d", l.Depth)}
		case l.Value > 0 && j.depth > 0 && j.read-j.start >= l.Value:
			return &Error{"a value is larger than " + Size(l.Value)}
		case l.Once != "" && j.after:
			return &Error{"something follows the end"}
		case l.Once != "" && j.found > 1:
			return &Error{fmt.Sprintf("%q is there twice", l.Once)}
		}
	}
	switch {
	case l.Bytes > 0 && j.read > l.Bytes:
		return &Error{"body is larger than " + Size(l.Bytes)}
	case l.Values > 0 && j.values > l.Values:
		return &Error{fmt.Sprintf("there are more than %d values", l.Values)}
	case j.until > 0 && j.read > j.until:
		return &Error{"a value is larger than " + Size(j.most)}
	}
	return nil
}

// quantity follows the strings and numbers of a text; it comes before byte.
func (j *JSONReader) quantity(c byte) {
	switch {
	case j.quoted && (c != '"' || j.escaped):
		j.number.raw(c)
	case c == '"', c == ',', c == ':', c == '{', c == '}', c == '[', c == ']':
		j.small = j.small || (c != ':' && j.number.tooSmall())
		j.number = number{}
	case c != ' ' && c != '\n' && c != '\r' && c != '\t':
		j.number.raw(c)
	}
}

// byte takes one byte into account.
func (j *JSONReader) byte(c byte) {
	j.token++
	j.after = j.after || j.ended && c != ' ' && c != '\n' && c != '\r' && c != '\t'
	if j.isKey && j.quoted {
		j.key(c)
	}
	switch {
	case j.escaped:
		j.escaped = false
	case j.quoted:
		j.escaped, j.quoted = c == '\\', c != '"'
	case c == '"':
		j.quoted, j.match = true, 0
	case c == '{', c == '[':
		if j.depth == 0 {
			j.start = j.read
		}
		j.isKey = j.depth == 0 && c == '{'
		j.depth++
		j.values++
		j.token = 0
	case c == '}', c == ']':
		j.depth = max(0, j.depth-1)
		j.token, j.ended = 0, j.depth == 0
	case c == ',':
		j.values++
		j.token, j.isKey = 0, j.depth == 1
	case c == ':':
		j.token, j.isKey = 0, false
	}
}

// key compares a byte of a key at depth 1, or the quote that ends it. One with an escape
// in it counts as equal: no program writes it so that is not up to something.
func (j *JSONReader) key(c byte) {
	once, hasEscape := j.limits.Once, len(j.limits.Once)+1
	switch {
	case j.escaped || c == '\\' || j.match == hasEscape && c != '"':
		j.match = hasEscape
	case c == '"' && j.match >= len(once):
		j.found++
	case c == '"' || j.match < 0:
	case j.match < len(once) && once[j.match] == c:
		j.match++
	default:
		j.match = -1
	}
}
