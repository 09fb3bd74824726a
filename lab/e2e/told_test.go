package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// Each ill is to be named so soon, and to be gone so soon once it is over.
const (
	namedWithin = 2 * time.Minute
	goneWithin  = time.Minute
)

// ill is one thing that goes wrong in a lab that is well otherwise.
type ill struct {
	name string
	// alert is the one that tells of it, with the labels of its object, and says are parts
	// of what it says then.
	alert firing
	says  []string
	// first is part of the commands that are to be run first.
	first string
	// stays is for how long what is wrong must stay so before it is told.
	stays time.Duration
	// rate says that one scrape does not tell: what the running kubevitals says of it is on
	// its status page.
	rate bool
	// remembered says that it is told for longer: what comes and goes is over when it has
	// not come for a while.
	remembered bool
	// begin makes the lab ill, and end well again.
	begin func(*testing.T) (end func(context.Context) error)
}

// sickLab starts a cluster that faults can be injected into, and returns when all is well.
func sickLab(t *testing.T) (*lab, *faults.Lab) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	sick, err := faults.Start(ctx, cluster.Options{Nodes: 3, Logf: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			sick.Fail()
			t.Log("logs are in", sick.LogDir())
		}
		sick.Stop()
	})
	flags := slices.DeleteFunc(sick.Flags(), func(flag string) bool {
		return strings.HasPrefix(flag, "--kubelet.ca-file=") // which it has already
	})
	// A reading may take half of it, and an API server that has too much to do takes its time.
	l := labOf(ctx, t, sick.Cluster, append(flags, "--collector.metric_cardinality.apiserver-interval=30s")...)
	l.vitals.eventually(t, time.Minute, func(s samples) error {
		errs := []error{allWell(s), s.want(1, "metrics_api_available", "api", "resource", "reason", "Passed")}
		for _, k := range l.Kubelets() {
			errs = append(errs, nodeIsReady(s, k.Name))
		}
		return errors.Join(errs...)
	})
	l.wantAlone(t, 2*time.Minute)
	return l, sick
}

// suffer makes the lab ill, and fails unless a check names the ill in time, with its object,
// and nothing else above info, the rules hold for nothing else over what the running
// kubevitals says, a snapshot of the moment tells the same, and nothing is told any more
// soon after it is over.
func (l *lab) suffer(t *testing.T, i ill) {
	t.Helper()
	end := i.begin(t)
	began, ended := time.Now(), false
	defer func() {
		if !ended {
			if err := end(context.Background()); err != nil {
				t.Error(err)
			}
		}
	}()
	dir := t.TempDir()
	err := cluster.Eventually(t.Context(), namedWithin, func(ctx context.Context) error {
		looked, err := check(ctx, nil, append(l.vitals.sameFlags(t), "--stays="+i.stays.String())...)
		if err != nil {
			return err
		}
		return errors.Join(i.toldBy(looked), l.holdsAlone(ctx, dir, i))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("named alone after %.0f s", time.Since(began).Seconds())
	l.sameFromSnapshot(t, i)

	ended = true
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := end(ctx); err != nil {
		t.Fatal(err)
	}
	if i.remembered {
		return
	}
	over := time.Now()
	l.looks(t, goneWithin, func(r result) error {
		if len(r.grave()) > 0 || r.names(i.alert) {
			return fmt.Errorf("check still finds %v", r.found())
		}
		return nil
	})
	t.Logf("gone after %.0f s", time.Since(over).Seconds())
}

// toldBy fails unless a check names the ill alone, in words that name its object.
func (i ill) toldBy(r result) error {
	if err := r.mustName(i.alert); err != nil {
		return err
	}
	if got := r.grave(); !slices.Equal(got, []string{i.alert[0]}) || len(r.causes()) != 1 {
		return fmt.Errorf("check finds %v, want %s alone", r.found(), i.alert)
	}
	return i.saidBy(r)
}

// saidBy fails unless the words with which a check names the ill name its object.
func (i ill) saidBy(r result) error {
	for _, a := range r.Alerts {
		for _, f := range a.Findings {
			if !i.alert.is(f.Alert, f.Labels) {
				continue
			}
			for _, part := range i.says {
				if !strings.Contains(f.Description, part) {
					return fmt.Errorf("%s does not say %q, but: %s", i.alert, part, f.Description)
				}
			}
			if !strings.Contains(a.Commands, i.first) {
				return fmt.Errorf("the commands to run first of %s lack %q: %s", i.alert, i.first, a.Commands)
			}
		}
	}
	return nil
}

// holdsAlone fails unless the rules hold for the ill alone above info. What is looked at as if
// it had stayed is looked at as if the heartbeats of all others had stopped as well: there it
// is enough that they hold.
func (l *lab) holdsAlone(ctx context.Context, dir string, i ill) error {
	if i.rate {
		return l.onPage(ctx, append(slices.Clone(i.says), i.alert[0])...)
	}
	all, err := l.vitals.alerts(ctx, dir, i.stays)
	if err != nil {
		return err
	}
	named := false
	for _, h := range all {
		named = named || i.alert.is(h.Alert, h.Labels)
		if i.stays == 0 && h.Severity != "info" && h.Alert != i.alert[0] {
			return fmt.Errorf("what holds is %v, want %s alone", all, i.alert)
		}
	}
	if !named {
		return fmt.Errorf("what holds is %v, want %s", all, i.alert)
	}
	return nil
}

// onPage fails unless the status page of the running kubevitals has all parts.
func (l *lab) onPage(ctx context.Context, parts ...string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(l.vitals.url, "metrics"), http.NoBody)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if !bytes.Contains(page, []byte(html.EscapeString(part))) {
			return fmt.Errorf("the status page lacks %q", part)
		}
	}
	return nil
}

// sameFromSnapshot fails unless a snapshot tells of the ill what is found live before and
// after it was taken. What crashes flickers, so it may take some.
func (l *lab) sameFromSnapshot(t *testing.T, i ill) {
	t.Helper()
	stays, diff := "--stays="+i.stays.String(), ""
	flags := append(l.vitals.sameFlags(t), stays)
	before := findings(t, flags...)
	for range 5 {
		dir := filepath.Join(t.TempDir(), "snapshot")
		code, _, stderr, err := once(t.Context(), nil, append([]string{"snapshot", dir, "--window=2s"}, l.vitals.sameFlags(t)...)...)
		if err != nil || code != 0 {
			t.Fatalf("snapshot: exit code %d, %v\n%s", code, err, stderr)
		}
		after := findings(t, flags...)
		if diff = cmp.Diff(after, findings(t, "--snapshot="+dir, stays)); diff == "" && slices.Equal(before, after) {
			return
		}
		before = after
	}
	t.Errorf("other findings from the snapshot (-live +snapshot):\n%s", diff)
}
