package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/sources"
)

// screen is what a terminal shows after the output, with one line for each line.
func screen(output string) string {
	lines := strings.Split(output, "\n")
	for i, line := range lines {
		if last := strings.LastIndex(line, "\r\x1b[K"); last >= 0 {
			lines[i] = line[last+len("\r\x1b[K"):]
		}
	}
	return strings.Join(lines, "\n")
}

// TestProgress holds that logs stay whole beside the line, and that nothing of the
// line is left.
func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, progressOnATerminal)
}

func progressOnATerminal(t *testing.T) {
	var out bytes.Buffer
	p := &progress{w: &out, terminal: true}
	wantScreen := func(want string) {
		t.Helper()
		if got := screen(out.String()); got != want {
			t.Errorf("the terminal shows %q, want %q", got, want)
		}
	}
	p.reading(sources.Progress{Sources: 3, AllSources: 17})
	wantScreen("Reading: 3 of 17 sources")
	_, _ = fmt.Fprintln(p, "an error")
	wantScreen("an error\nReading: 3 of 17 sources")
	p.reading(sources.Progress{Sources: 17, AllSources: 17, Kubelets: 4, AllKubelets: 5000})
	wantScreen("an error\nReading: 17 of 17 sources, 4 of 5000 kubelets")
	if err := p.wait(t.Context(), time.Now().Add(15*time.Second)); err != nil {
		t.Error(err)
	}
	wantScreen("an error\nSecond sample in 1 s")
	p.done()
	_, _ = fmt.Fprintln(p, "another")
	wantScreen("an error\nanother\n")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.wait(ended, time.Now().Add(time.Hour)); err == nil {
		t.Error("waits for one who has gone")
	}
}

// TestNoProgressInAFile holds that what is no terminal gets no line and no control.
func TestNoProgressInAFile(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out)
	p.reading(sources.Progress{Sources: 3, AllSources: 17})
	_, _ = fmt.Fprintln(p, "an error")
	p.done()
	if out.String() != "an error\n" {
		t.Errorf("a file gets %q", out.String())
	}
}
