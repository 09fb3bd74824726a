package replay_test

import (
	"context"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/mixin"
	"github.com/kubevitals/kubevitals/test/fleet"
	"github.com/kubevitals/kubevitals/test/replay"
)

const (
	// evaluation is the time between two evaluations of the rules, a scrape before each.
	evaluation = time.Minute
	// calm is how long nothing is wrong, ill is how long then something is, and after is
	// how long is looked at what comes when it is mended.
	calm, ill, after = 5 * time.Minute, 25 * time.Minute, 15 * time.Minute
)

// TestReplay verifies that one incident in a large cluster is told of by few
// notifications, the first of which names the cause. It needs a real Alertmanager, whose
// path is in $KUBEVITALS_ALERTMANAGER.
func TestReplay(t *testing.T) {
	o := replay.Options{Binary: os.Getenv("KUBEVITALS_ALERTMANAGER"), Pace: 30, Evaluation: evaluation}
	if o.Binary == "" {
		t.Skip("run make replay: it needs a real Alertmanager")
	}
	nodes := 60
	if text := os.Getenv("KUBEVITALS_REPLAY_NODES"); text != "" {
		var err error
		if nodes, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	var single, shipped []replay.Incident
	t.Run("play", func(t *testing.T) {
		single, shipped = play(t, nodes)
	})
	inhibition := generated(t, "generated/inhibit-rules.yaml")
	start := func(inhibition []byte) *replay.Alertmanager {
		a, err := replay.StartAlertmanager(t.Context(), o, t.TempDir(), inhibition)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := a.Stop(); err != nil {
				t.Error(err)
			}
		})
		return a
	}
	report := replay.Report{Nodes: nodes, Ill: ill, After: after}
	before, between, now := start(nil), start(nil), start(inhibition)
	var sending sync.WaitGroup
	send := func(ctx context.Context, incidents []replay.Incident, to ...*replay.Alertmanager) {
		if err := replay.Send(ctx, o, incidents, to...); err != nil {
			t.Error(err)
		}
	}
	sending.Go(func() { send(t.Context(), single, before) })
	sending.Go(func() { send(t.Context(), shipped, between, now) })
	sending.Wait()
	for i := range shipped {
		report.Rows = append(report.Rows, replay.RowOf(single[i], shipped[i], before, between, now))
	}
	for _, row := range report.Rows {
		for _, problem := range row.Problems() {
			t.Errorf("%s: %s", row.Incident.Name, problem)
		}
	}
	t.Logf("\n%s", report.Text())
	if file := os.Getenv("KUBEVITALS_REPLAY_MARKDOWN"); file != "" {
		if err := os.WriteFile(file, report.Markdown(), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func generated(t *testing.T, name string) []byte {
	t.Helper()
	text, err := fs.ReadFile(mixin.Files(), name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// play lets each incident happen in a cluster of its own, by rules that tell of each
// object alone, and by those that are shipped.
func play(t *testing.T, nodes int) (single, shipped []replay.Incident) {
	t.Helper()
	var rules []*ruleeval.Rules
	for _, file := range []string{"generated/alerts-each.yaml", "generated/alerts.yaml"} {
		parsed, err := ruleeval.Parse(generated(t, file))
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, parsed)
	}
	chosen := fleet.Incidents()
	single, shipped = make([]replay.Incident, len(chosen)), make([]replay.Incident, len(chosen))
	t.Run("incidents", func(t *testing.T) {
		for i, fault := range chosen {
			t.Run(fault.Name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c := fleet.NewCluster(nodes, 1, time.Now)
					one := replay.Incident{Name: fault.Name, Cause: fault.Tells, Began: time.Now().Add(calm)}
					one.Healed = one.Began.Add(ill)
					c.Give(fault, calm)
					c.Mend(fault, calm+ill)
					fired, err := fleet.Play(t.Context(), fleet.Options{
						Cluster: c, Rules: rules, Lasts: calm + ill + after, Evaluation: evaluation, Settle: synctest.Wait,
					})
					if err != nil {
						t.Fatal(err)
					}
					single[i], shipped[i] = one, one
					single[i].Fired, shipped[i].Fired = fired[0], fired[1]
				})
			})
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return single, shipped
}
