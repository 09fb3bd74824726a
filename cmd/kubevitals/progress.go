package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/kubevitals/kubevitals/sources"
)

// progress is the last line of a terminal, which says what is waited for. Anything
// else that is written to the terminal has to go through it. On what is no terminal
// there is no such line. It is safe for concurrent use.
type progress struct {
	w        io.Writer
	terminal bool

	mu    sync.Mutex
	shown string
}

func newProgress(w io.Writer) *progress { return &progress{w: w, terminal: terminal(w)} }

// terminal tells whether somebody reads the output who can be shown more than lines.
func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && !strings.EqualFold(os.Getenv("TERM"), "dumb") && term.IsTerminal(int(file.Fd()))
}

// show replaces the line; an empty one removes it.
func (p *progress) show(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal && line != p.shown {
		_, _ = fmt.Fprint(p.w, "\r\x1b[K"+line)
		p.shown = line
	}
}

// done removes the line.
func (p *progress) done() { p.show("") }

// Write implements io.Writer: what is written takes the place of the line, and the
// line follows below.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown == "" {
		return p.w.Write(b)
	}
	_, _ = fmt.Fprint(p.w, "\r\x1b[K")
	n, err := p.w.Write(b)
	_, _ = fmt.Fprint(p.w, p.shown)
	return n, err
}

// reading says how much has been read.
func (p *progress) reading(r sources.Progress) {
	line := fmt.Sprintf("Reading: %d of %d sources", r.Sources, r.AllSources)
	if r.AllKubelets > 0 {
		line += fmt.Sprintf(", %d of %d kubelets", r.Kubelets, r.AllKubelets)
	}
	p.show(line)
}

// wait waits until a moment and counts the seconds down.
func (p *progress) wait(ctx context.Context, until time.Time) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		left := time.Until(until)
		if left > 0 {
			p.show(fmt.Sprintf("Second sample in %.0f s", left.Seconds()))
		}
		select {
		case <-ctx.Done():
			return errors.New("interrupted before the second sample")
		case <-time.After(left):
			return nil
		case <-second.C:
		}
	}
}
