package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/process"
)

// vitals is a running kubevitals.
type vitals struct {
	cmd *exec.Cmd
	url string
	// flags are those that say what it looks at, and how.
	flags []string
}

type envKey struct{}

// withEnv makes startVitals add to the environment.
func withEnv(ctx context.Context, env string) context.Context {
	return context.WithValue(ctx, envKey{}, env)
}

// startVitals starts kubevitals and returns when it says where it serves.
func startVitals(ctx context.Context, name, logDir, kubeconfig string, args ...string) (*vitals, error) {
	binary := os.Getenv(binaryEnv)
	if binary == "" {
		return nil, fmt.Errorf("no binary under test: set %s, or run make e2e", binaryEnv)
	}
	log, err := os.Create(filepath.Join(logDir, name+".log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	flags := []string{
		"--kubeconfig=" + kubeconfig, "--kubelet.stats-interval=2s", "--kubelet.metrics-interval=3s",
		"--collector.metric_cardinality.apiserver-interval=3s", "--collector.metric_cardinality.family-series=1",
		"--collector.metrics_api.interval=2s", "--collector.admission_webhooks.interval=2s",
	}
	flags = slices.DeleteFunc(flags, func(flag string) bool { // those that a test wants otherwise
		name, _, _ := strings.Cut(flag, "=")
		return slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, name+"=") })
	})
	flags = append(flags, args...)
	var env []string
	if more, ok := ctx.Value(envKey{}).(string); ok {
		env = []string{more}
	}
	cmd, url, err := process.Kubevitals(ctx, binary, log, env, flags...)
	if err != nil {
		return nil, err
	}
	return &vitals{cmd: cmd, url: url, flags: flags}, nil
}

func (v *vitals) stop() {
	process.Kill(v.cmd)
}

// samples are the series of one scrape.
type samples map[string]*dto.MetricFamily

// scrape reads /metrics; it must answer as soon as Prometheus asks for, whatever is ill.
func (v *vitals) scrape(ctx context.Context) (samples, error) {
	return process.Scrape(ctx, http.DefaultClient, v.url)
}

// labels select series: name, value, name, value.
func matches(m *dto.Metric, labels []string) bool {
	has := map[string]string{}
	for _, l := range m.Label {
		has[l.GetName()] = l.GetValue()
	}
	for i := 0; i < len(labels); i += 2 {
		if has[labels[i]] != labels[i+1] {
			return false
		}
	}
	return true
}

// all returns the values of the series that bear the labels.
func (s samples) all(name string, labels ...string) []float64 {
	var values []float64
	if f := s["kubevitals_"+name]; f != nil {
		for _, m := range f.Metric {
			if matches(m, labels) {
				values = append(values, m.GetGauge().GetValue()+m.GetUntyped().GetValue()+m.GetCounter().GetValue())
			}
		}
	}
	return values
}

// sum adds the values of the series that bear the labels.
func (s samples) sum(name string, labels ...string) float64 {
	total := 0.0
	for _, v := range s.all(name, labels...) {
		total += v
	}
	return total
}

var errAbsent = errors.New("absent")

// want fails unless exactly one series bears the labels and has the value.
func (s samples) want(value float64, name string, labels ...string) error {
	values := s.all(name, labels...)
	switch {
	case len(values) == 0:
		return fmt.Errorf("kubevitals_%s %v: %w, want %v", name, labels, errAbsent, value)
	case len(values) > 1:
		return fmt.Errorf("kubevitals_%s %v: %d series, want one", name, labels, len(values))
	case values[0] != value:
		return fmt.Errorf("kubevitals_%s %v is %v, want %v", name, labels, values[0], value)
	}
	return nil
}

// patience is by how much longer things may take than on a machine that has nothing else to
// do: tests go on side by side, and the machine may be shared.
const patience = 4

// eventually scrapes until check is content, and fails the test otherwise. within is what an
// idle machine takes at the most.
func (v *vitals) eventually(t *testing.T, within time.Duration, check func(samples) error) samples {
	t.Helper()
	var last samples
	said, spoke := "", time.Time{}
	err := cluster.Eventually(t.Context(), patience*within, func(ctx context.Context) error {
		s, err := v.scrape(ctx)
		if err != nil {
			return err
		}
		last = s
		err = check(s)
		if err != nil && err.Error() != said && time.Since(spoke) > 5*time.Second {
			said, spoke = err.Error(), time.Now()
			t.Logf("%s: not yet: %s", time.Now().UTC().Format(time.TimeOnly), said)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}
