package exporter

import (
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// flushAt is how much text is kept before it is written.
const flushAt = 64 << 10

// textWriter writes families in Prometheus' text format, or in that of OpenMetrics.
// Both are what expfmt makes of the same samples, to the byte.
type textWriter struct {
	to   io.Writer
	open bool // OpenMetrics
	text []byte
}

// WriteText writes the samples of families in Prometheus' text format.
func (all Families) WriteText(to io.Writer) error {
	w := textWriter{to: to, text: make([]byte, 0, flushAt+flushAt/8)}
	return w.families(all)
}

// families writes all samples of families.
func (w *textWriter) families(all Families) error {
	for _, f := range all {
		w.head(f.Desc)
		prefix := f.Desc.prefixes()
		for _, s := range f.samples {
			w.sample(s, prefix)
			if len(w.text) >= flushAt {
				if err := w.flush(); err != nil {
					return err
				}
			}
		}
	}
	return w.flush()
}

func (w *textWriter) flush() error {
	_, err := w.to.Write(w.text)
	w.text = w.text[:0]
	return err
}

// head writes what stands above the samples of a metric.
func (w *textWriter) head(d *Desc) {
	name, kind := d.Name, "gauge"
	if d.Type == prometheus.CounterValue {
		kind = "counter"
		if w.open {
			name = strings.TrimSuffix(name, "_total")
		}
	}
	w.text = append(append(append(w.text, "# HELP "...), name...), ' ')
	w.text = appendEscaped(w.text, d.Help, w.open)
	w.text = append(append(append(append(w.text, "\n# TYPE "...), name...), ' '), kind...)
	w.text = append(w.text, '\n')
}

// sample writes one line. The prefixes stand before each value of a label.
func (w *textWriter) sample(s *sample, prefix []string) {
	for i, at := range s.of.sorted {
		w.text = append(w.text, prefix[i]...)
		w.text = appendEscaped(w.text, s.labels[at], true)
	}
	w.text = append(w.text, prefix[len(prefix)-1]...)
	w.text = appendValue(w.text, s.value, w.open)
	w.text = append(w.text, '\n')
}

// prefixes returns what stands before each value of a label and, last, before the
// value of a sample.
func (d *Desc) prefixes() []string {
	if len(d.Labels) == 0 {
		return []string{d.Name + " "}
	}
	var all []string
	for i, at := range d.sorted {
		before := `",`
		if i == 0 {
			before = d.Name + "{"
		}
		all = append(all, before+d.Labels[at]+`="`)
	}
	return append(all, `"} `)
}

// appendEscaped escapes what ends a line or, if quoted, a string.
func appendEscaped(text []byte, s string, quoted bool) []byte {
	from := 0
	for i := range len(s) {
		var escaped string
		switch c := s[i]; {
		case c == '\\':
			escaped = `\\`
		case c == '\n':
			escaped = `\n`
		case c == '"' && quoted:
			escaped = `\"`
		default:
			continue
		}
		text = append(append(text, s[from:i]...), escaped...)
		from = i + 1
	}
	return append(text, s[from:]...)
}

// appendValue appends a value. OpenMetrics wants it to look like a number that need
// not be whole.
func appendValue(text []byte, v float64, open bool) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(text, "+Inf"...)
	case math.IsInf(v, -1):
		return append(text, "-Inf"...)
	case math.IsNaN(v):
		return append(text, "NaN"...)
	}
	begin := len(text)
	if whole := int64(v); float64(whole) == v && -1e6 < v && v < 1e6 {
		text = strconv.AppendInt(text, whole, 10) // the same digits, in a fraction of the time
	} else {
		text = strconv.AppendFloat(text, v, 'g', -1, 64)
	}
	if open && !strings.ContainsAny(string(text[begin:]), "e.") {
		text = append(text, ".0"...)
	}
	return text
}
