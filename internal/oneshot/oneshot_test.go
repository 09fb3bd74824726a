package oneshot

import (
	"bytes"
	"context"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/internal/terminal"
	"github.com/kubevitals/kubevitals/sources"
)

func TestReading(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]sources.Progress{
		"Reading: 3 of 17 sources":                      {Sources: 3, AllSources: 17},
		"Reading: 17 of 17 sources, 4 of 5000 kubelets": {Sources: 17, AllSources: 17, Kubelets: 4, AllKubelets: 5000},
	} {
		if got := reading(p); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestCountDown verifies that each second is told once, down to the last one, and
// that an interrupt ends the wait.
func TestCountDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		begun := time.Now()
		if err := countDown(t.Context(), begun.Add(3*time.Second), terminal.NewStatusLine(&out, true)); err != nil {
			t.Error(err)
		}
		if got := strings.Split(out.String(), "\r\x1b[K"); strings.Join(got, "|") != "|Second sample in 3 s|Second sample in 2 s|Second sample in 1 s" {
			t.Errorf("told %q", got)
		}
		if took := time.Since(begun); took != 3*time.Second {
			t.Errorf("took %s", took)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := countDown(ended, time.Now().Add(time.Hour), terminal.NewStatusLine(&out, true)); err == nil {
			t.Error("waits for one who has gone")
		}
	})
}

// TestCollectRarely verifies that $GOGC has the last word, and that it is undone.
func TestCollectRarely(t *testing.T) {
	t.Setenv("GOGC", "50")
	before := gcPercent()
	CollectRarely()()
	if got := gcPercent(); got != before {
		t.Errorf("%d %% instead of %d %%", got, before)
	}
	t.Setenv("GOGC", "")
	undo := CollectRarely()
	if got := gcPercent(); got != 300 {
		t.Errorf("%d %% meanwhile", got)
	}
	undo()
	if got := gcPercent(); got != before {
		t.Errorf("%d %% afterwards instead of %d %%", got, before)
	}
}

func gcPercent() int {
	percent := debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return percent
}
