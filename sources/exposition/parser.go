package exposition

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// bufferSize is also the longest line that is looked at whole; of longer ones
// only the name is.
const bufferSize = 256 << 10

// family is what is known of one name.
type family struct {
	series   int64
	informer bool
	visit    func(labels, value []byte)
}

type parser struct {
	options   Options
	own       map[string]func(labels, value []byte) // of families that the report reads
	families  map[string]*family
	overflow  int64 // samples of families beyond the limit
	bytes     int64
	line      int64
	truncated bool
	ended     bool // OpenMetrics' # EOF was seen

	// The samples of a family stand together, and those of a summary or histogram
	// take turns with its sum and count, so the family of a line is nearly always
	// one of the last few.
	recent [4]recent
	oldest int
	last   *family
}

// recent is a family seen shortly before.
type recent struct {
	name []byte
	*family
}

func newParser(o Options, own map[string]func(labels, value []byte)) *parser {
	return &parser{options: o, own: own, families: map[string]*family{}}
}

// read goes through r chunk by chunk; what follows the last newline of a chunk
// moves to the front of the next.
func (p *parser) read(r io.Reader, limit int64) error {
	buffer, back := p.options.Buffers.lend()
	defer back()
	kept := 0
	skipping := false // inside a line too long for the buffer
	for {
		room := buffer[kept:]
		if left := limit - p.bytes; int64(len(room)) > left {
			room = room[:left]
		}
		n, err := r.Read(room)
		p.bytes += int64(n)
		chunk := buffer[:kept+n]
		if n > 0 {
			rest, perr := p.chunk(chunk, &skipping)
			if perr != nil {
				return perr
			}
			kept = copy(buffer, rest)
		}
		switch {
		case errors.Is(err, io.EOF):
			return p.finish(buffer[:kept], skipping)
		case err != nil:
			return fmt.Errorf("read the body: %w", err)
		case p.bytes >= limit:
			return p.atLimit(r, buffer[:kept], skipping)
		}
	}
}

// atLimit finds out whether the limit cut anything off. The line that stands
// there half is not counted.
func (p *parser) atLimit(r io.Reader, rest []byte, skipping bool) error {
	var one [1]byte
	for {
		n, err := r.Read(one[:])
		switch {
		case n > 0:
			p.truncated = true
			return nil
		case errors.Is(err, io.EOF):
			return p.finish(rest, skipping)
		case err != nil:
			return fmt.Errorf("read the body: %w", err)
		}
	}
}

// chunk counts the whole lines and returns what follows them. A chunk that
// fills the buffer without a newline is counted by its beginning, and the rest
// of that line is skipped.
func (p *parser) chunk(data []byte, skipping *bool) ([]byte, error) {
	for {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			break
		}
		line := data[:end]
		data = data[end+1:]
		p.line++
		if *skipping {
			*skipping = false
			continue
		}
		if err := p.sample(line, false); err != nil {
			return nil, err
		}
	}
	if *skipping {
		return nil, nil
	}
	if len(data) == bufferSize {
		*skipping = true
		p.line++
		err := p.sample(data, true)
		p.line--
		return nil, err
	}
	return data, nil
}

// finish looks at what stands after the last newline. Each line of the formats ends with
// one, so that a line without was cut off: its value may lack digits, and what followed it
// is lost. That ends a body without an error where nobody says how long it is, as a proxy
// of HTTP/1.0. Only the end of OpenMetrics is complete as it is.
func (p *parser) finish(line []byte, skipping bool) error {
	line = bytes.TrimSpace(line)
	if !skipping && (len(line) == 0 || bytes.Equal(line, []byte("# EOF"))) {
		return nil
	}
	p.line++
	return &bounded.Error{What: "the body is cut off in a line: " + excerpt(line)}
}

// sample counts one line. cut says that only its beginning is there.
func (p *parser) sample(line []byte, cut bool) error {
	for i := range p.recent {
		r := &p.recent[i]
		n := len(r.name)
		if n == 0 || len(line) <= n || !ends(line[n]) || string(line[:n]) != string(r.name) {
			continue
		}
		r.series++
		if r.visit == nil || cut {
			return nil
		}
		p.last = r.family
		return p.visit(line[n:])
	}
	line = bytes.TrimRight(line, "\r")
	line = bytes.TrimLeft(line, " \t")
	if len(line) == 0 || line[0] == '#' {
		p.ended = p.ended || bytes.Equal(line, []byte("# EOF"))
		return nil
	}
	if p.ended {
		return fmt.Errorf("a sample after # EOF: %s", excerpt(line))
	}
	if line[0] == '{' {
		return p.quoted(line, cut)
	}
	end := bytes.IndexAny(line, "{ \t")
	if end <= 0 || !validName(line[:end]) {
		return fmt.Errorf("not a sample of the Prometheus text format: %s", excerpt(line))
	}
	if !cut && !hasValue(line[end:]) {
		return fmt.Errorf("a sample without a value: %s", excerpt(line))
	}
	p.count(line[:end])
	if p.last == nil {
		return nil
	}
	p.remember(line[:end])
	if p.last.visit == nil || cut {
		return nil
	}
	return p.visit(line[end:])
}

// remember puts the family in the place of the one that was put there first.
func (p *parser) remember(name []byte) {
	r := &p.recent[p.oldest]
	r.name, r.family = append(r.name[:0], name...), p.last
	p.oldest = (p.oldest + 1) % len(p.recent)
}

// nameLimit is the longest name that is told apart whole, in bytes. Kubernetes' own
// have some sixty; thousands of names that fill a buffer each would fill the memory.
const nameLimit = 200

// short is the beginning of a name that is too long.
func (p *parser) short(name []byte) []byte {
	if len(name) <= nameLimit {
		return name
	}
	p.truncated = true
	end := nameLimit
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}

// count finds the family of the name and counts one more sample.
func (p *parser) count(name []byte) {
	name = p.short(name)
	f := p.families[string(name)] // does not allocate
	if f == nil {
		if len(p.families) >= p.options.FamilyLimit {
			p.overflow++
			p.truncated = true
			p.last = nil
			return
		}
		key := string(name)
		f = &family{
			informer: strings.HasPrefix(key, "reflector_") || strings.HasPrefix(key, "informer_"),
			visit:    p.options.Visit[key],
		}
		if own := p.own[key]; own != nil {
			f.visit = both(own, f.visit)
		}
		p.families[key] = f
	}
	f.series++
	p.last = f
}
