package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
)

// counted is an output that calls a function once it has had so many looks.
type counted struct {
	mu     sync.Mutex
	text   strings.Builder
	enough func(text string) bool
	done   func()
}

func (c *counted) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.Write(b)
	if c.enough(c.text.String()) {
		c.done()
	}
	return len(b), nil
}

// TestWatch verifies that check looks again, tells what changed since the first look, and
// ends with the exit code of the last one.
func TestWatch(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out := &counted{enough: func(text string) bool { return strings.Contains(text, "Since ") && strings.HasSuffix(text, "\n\n") }, done: cancel}
	var errs strings.Builder
	code := run(ctx, []string{"check", "--demo", "--watch", "--interval=100ms", "--window=0s"}, out, &errs, func(*slog.Logger) {})
	text := out.text.String()
	if code != exitFindings || errs.String() != "" || strings.Count(text, "Incidents: ") < 2 || strings.Contains(text, "Look first") {
		t.Errorf("exit code %d, %q:\n%s", code, errs.String(), text)
	}
	for _, args := range [][]string{{"--interval=0s", "--demo"}, {"--snapshot=" + wellDump}, {"-o", "html", "--demo"}} {
		code, out, errs := runProgram(t, append([]string{"check", "--watch"}, args...)...)
		if code != exitUnsure || out != "" || !strings.Contains(errs, "--") {
			t.Errorf("%v: exit code %d, %q, %q", args, code, out, errs)
		}
	}
}

// TestWatchAsJSON verifies that each look is an object of the documented form.
func TestWatchAsJSON(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out := &counted{enough: func(text string) bool { return strings.Count(text, "\n}\n") >= 2 }, done: cancel}
	run(ctx, []string{"check", "--demo", "--watch", "--interval=100ms", "--window=0s", "-o", "json"}, out, &strings.Builder{}, func(*slog.Logger) {})
	decoder, looks := json.NewDecoder(strings.NewReader(out.text.String())), []diagnosis.Result{}
	for decoder.More() {
		var r diagnosis.Result
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		looks = append(looks, r)
	}
	if len(looks) < 2 || !looks[1].At.After(looks[0].At) {
		t.Errorf("%d looks, or not one after the other", len(looks))
	}
}
