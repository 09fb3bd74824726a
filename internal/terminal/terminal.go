// Package terminal shows what is waited for in the last line of a terminal.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// Interactive tells whether the output is a terminal that can be shown more than
// lines.
func Interactive(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && !strings.EqualFold(os.Getenv("TERM"), "dumb") && term.IsTerminal(int(file.Fd()))
}

// Coloured tells whether the output is a terminal whose user wants colours.
func Coloured(w io.Writer) bool { return os.Getenv("NO_COLOR") == "" && Interactive(w) }

// StatusLine is the last line of a terminal. Anything else that is written to the
// terminal has to go through it. It is safe for concurrent use.
type StatusLine struct {
	w       io.Writer
	visible bool

	mu    sync.Mutex
	shown string
}

// NewStatusLine returns the line of an output. If visible is false, which it has to
// be for what is no terminal, there is no line, and all that is written goes to the
// output as it is.
func NewStatusLine(w io.Writer, visible bool) *StatusLine {
	return &StatusLine{w: w, visible: visible}
}

// Visible tells whether there is a line at all.
func (l *StatusLine) Visible() bool { return l.visible }

// Show replaces the line; an empty one removes it.
func (l *StatusLine) Show(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.visible && line != l.shown {
		_, _ = fmt.Fprint(l.w, "\r\x1b[K"+line)
		l.shown = line
	}
}

// Clear removes the line.
func (l *StatusLine) Clear() { l.Show("") }

// Write implements io.Writer: what is written takes the place of the line, and the
// line follows below.
func (l *StatusLine) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shown == "" {
		return l.w.Write(b)
	}
	_, _ = fmt.Fprint(l.w, "\r\x1b[K")
	n, err := l.w.Write(b)
	_, _ = fmt.Fprint(l.w, l.shown)
	return n, err
}
