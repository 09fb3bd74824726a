//go:build linux

package realnode

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// failure is something that really fails, and what must be told of it. The file
// testdata/said.txt has what the platform itself says, by its name.
type failure struct {
	name string
	// do lets it fail, and undo mends it; that it fails and that it is mended takes
	// the platform a moment.
	do, undo func(context.Context, *lab) error
	told     []told
	// also is what else must have come about before it is mended; nil is nothing.
	also func(context.Context, *lab) error
	// rare failures are left to make e2e-real-node-all: they take long, or differ little
	// from others.
	rare bool
}

// told is what kubevitals must tell: the start of an alert with its labels, and a part
// of its text that names the cause.
type told struct {
	alert, because string
	// by is who looks: from outside, or from the node itself.
	by looker
}

// allEnv lets all failures happen, also rare ones.
const allEnv = "KUBEVITALS_REAL_NODE_ALL"

// waitForFailure is how long kubelets and controllers may take to tell.
const waitForFailure = 3 * time.Minute

// failAll lets one after the other fail, but for rare ones unless these are wanted.
func (l *lab) failAll(t *testing.T, groups ...[]failure) {
	for _, f := range slices.Concat(groups...) {
		if !f.rare || os.Getenv(allEnv) != "" {
			t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) { l.fails(t, f) })
		}
	}
}

// fails lets it fail, waits until the platform says so in the words that are known
// and until kubevitals names it, and mends it.
func (l *lab) fails(t *testing.T, f failure) {
	words := said(t, f.name)
	e := l.begin()
	row := row{failure: f.name}
	defer func() { t.Log(row) }()
	if text, err := e.says(t.Context()); err != nil || words.MatchString(text) {
		t.Fatalf("the platform says %q already: %v", words, err)
	}
	if err := f.do(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	err := cluster.Eventually(t.Context(), waitForFailure, func(ctx context.Context) error {
		text, err := e.says(ctx)
		if err != nil {
			return err
		}
		if row.said = words.FindString(text); row.said == "" {
			return fmt.Errorf("the platform does not say %q, but\n%s", words, text)
		}
		return nil
	})
	row.saidAfter = time.Since(e.since)
	if err != nil {
		t.Error(err)
	}
	for _, want := range f.told {
		named, err := l.names(t.Context(), want)
		if err != nil {
			t.Error(err)
		}
		row.named, row.namedAfter = append(row.named, named), append(row.namedAfter, time.Since(e.since))
	}
	if f.also != nil {
		if err := cluster.Eventually(t.Context(), waitForFailure, func(ctx context.Context) error { return f.also(ctx, l) }); err != nil {
			t.Error(err)
		}
	}
	if err := f.undo(context.WithoutCancel(t.Context()), l); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Eventually(t.Context(), waitForFailure, l.node.ready); err != nil {
		t.Errorf("after it was mended: %v", err)
	}
	if !t.Failed() {
		l.rows = append(l.rows, row)
	}
}

// names waits until kubevitals tells it, and returns what it says.
func (l *lab) names(ctx context.Context, want told) (string, error) {
	named, last := "", ""
	err := cluster.Eventually(ctx, waitForFailure, func(ctx context.Context) error {
		found, err := l.check(ctx, want.by)
		if err != nil {
			return err
		}
		last = ""
		for _, f := range found {
			if strings.HasPrefix(f.String(), want.alert) && strings.Contains(f.Description, want.because) {
				named = f.String()
				return nil
			}
			last += f.String() + " " + f.Description + "\n"
		}
		return fmt.Errorf("no %s %s in what check finds", want.alert, want.because)
	})
	if err != nil {
		return "", fmt.Errorf("%w; it found\n%s", err, last)
	}
	if want.because != "" {
		named += ": " + want.because
	}
	return named, nil
}

// on is an action on the node.
func on(do func(context.Context, *Node) error) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error { return do(ctx, l.node) }
}

// both does one after the other.
func both(one, other func(context.Context, *lab) error) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		if err := one(ctx, l); err != nil {
			return err
		}
		return other(ctx, l)
	}
}
