//go:build linux

package realnode

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// waitForPage is longer than any of the rules wait that tell of the scheduler, at twice
// the interval of a Prometheus that nobody set.
const waitForPage = 8 * time.Minute

// pages asks a Prometheus whom it would wake.
type pages struct {
	*lab
	// prometheus is the label of its pod.
	prometheus string
}

// ask decodes the data of an answer of Prometheus.
func (p pages) ask(ctx context.Context, path string, data any) error {
	pods, err := p.Client().CoreV1().Pods(monitoring).List(ctx, metav1.ListOptions{LabelSelector: p.prometheus})
	if err != nil {
		return err
	}
	if len(pods.Items) != 1 || pods.Items[0].Status.PodIP == "" {
		return fmt.Errorf("%d pods of %s, or no address yet", len(pods.Items), p.prometheus)
	}
	return askPrometheusAt(ctx, pods.Items[0].Status.PodIP, path, data)
}

// firing are the alerts that would wake somebody now.
func (p pages) firing(ctx context.Context) (map[string]bool, error) {
	samples, err := p.query(ctx, `ALERTS{alertstate="firing", severity="critical"}`)
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, s := range samples {
		all[s.Metric["alertname"]] = true
	}
	return all, nil
}

func (p pages) query(ctx context.Context, expr string) ([]sample, error) {
	var told struct{ Result []sample }
	err := p.ask(ctx, queryPath(expr), &told)
	return told.Result, err
}

// watched waits until Prometheus scrapes kubevitals, knows of the scheduler, evaluates all
// rules, and nobody is woken.
func (p pages) watched(t *testing.T) {
	t.Helper()
	err := cluster.Eventually(t.Context(), waitForPage, func(ctx context.Context) error {
		for _, expr := range []string{`up{job="kubevitals"} == 1`, `kubevitals_control_plane_leases_held{job="kubevitals", component="kube-scheduler"} == 1`} {
			if samples, err := p.query(ctx, expr); err != nil || len(samples) == 0 {
				return errors.Join(fmt.Errorf("%d of %s", len(samples), expr), err)
			}
		}
		if err := rulesEvaluatedBy(ctx, p.ask); err != nil {
			return err
		}
		if firing, err := p.firing(ctx); err != nil || len(firing) > 0 {
			return errors.Join(fmt.Errorf("pages of a healthy cluster: %v", firing), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// page lets the scheduler fail, and returns how long after that Prometheus has the first
// page, which must be for that.
func (p pages) page(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	p.Process(cluster.Scheduler).Kill()
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
		defer cancel()
		if err := p.Process(cluster.Scheduler).Start(ctx); err != nil {
			t.Error(err)
		}
	}()
	var first map[string]bool
	err := cluster.Eventually(t.Context(), waitForPage, func(ctx context.Context) (err error) {
		if first, err = p.firing(ctx); err == nil && len(first) == 0 {
			err = errors.New("no page of a scheduler that is dead")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	if !first[firstPage] || len(first) != 1 {
		t.Errorf("the first pages are %v, want %s alone", first, firstPage)
	}
	return took
}

// pagesTableEnv names a document whose table of first pages is to be replaced.
const pagesTableEnv = "KUBEVITALS_FIRST_PAGES_TABLE"

var pagesTable = regexp.MustCompile(`(?s)(<!-- first pages: [^\n]* -->\n).*(<!-- end of first pages -->)`)

// writePages prints what it took, and writes it into the document, if there is one.
func writePages(t *testing.T, rows []string) {
	t.Helper()
	lines := "| way | commands | edits of files | minutes until it is watched | minutes from the fault to the page | minutes in all |\n" +
		"| --- | --- | --- | --- | --- | --- |\n" + strings.Join(rows, "\n") + "\n"
	t.Log("\n" + lines)
	replaceTable(t, pagesTableEnv, pagesTable, lines)
}
