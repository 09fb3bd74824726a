package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/process"
)

// prometheusEnv names the Prometheus that tests start.
const prometheusEnv = "KUBEVITALS_PROMETHEUS"

// prometheus is a running one.
type prometheus struct{ url string }

// startPrometheus starts one with a configuration, until the test ends.
func startPrometheus(t *testing.T, logDir, config string) prometheus {
	t.Helper()
	binary := os.Getenv(prometheusEnv)
	if binary == "" {
		t.Fatalf("no Prometheus: set %s, or run make e2e", prometheusEnv)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ports, err := cluster.FreePorts(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(logDir, "prometheus.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	address := fmt.Sprintf("127.0.0.1:%d", ports[0])
	cmd := process.Command(binary, log, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { process.Kill(cmd) })
	return prometheus{"http://" + address}
}

// series is one of the result of a query: its labels, and its last value or all of them.
type series struct {
	Metric map[string]string
	Value  [2]any
	Values [][2]any
}

// number is what the query comes to.
func (s series) number() float64 {
	text, _ := s.Value[1].(string)
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return -1
	}
	return n
}

func (p prometheus) query(ctx context.Context, expr string) ([]series, error) {
	return p.ask(ctx, "/api/v1/query", url.Values{"query": {expr}})
}

// over are the values of a query at each second of a time.
func (p prometheus) over(ctx context.Context, expr string, begin, end time.Time) ([]series, error) {
	return p.ask(ctx, "/api/v1/query_range", url.Values{
		"query": {expr}, "step": {"1"}, "start": {strconv.FormatInt(begin.Unix(), 10)}, "end": {strconv.FormatInt(end.Unix(), 10)},
	})
}

func (p prometheus) ask(ctx context.Context, path string, form url.Values) ([]series, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path+"?"+form.Encode(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s of %q: %s", path, form.Get("query"), response.Status)
	}
	var answer struct{ Data struct{ Result []series } }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	return answer.Data.Result, nil
}

// eventually fails unless the query comes to n series at last that each have the value.
func (p prometheus) eventually(t *testing.T, within time.Duration, expr string, n int, value float64) {
	t.Helper()
	err := cluster.Eventually(t.Context(), patience*within, func(ctx context.Context) error {
		got, err := p.query(ctx, expr)
		if err != nil {
			return err
		}
		for _, s := range got {
			if s.number() != value {
				return fmt.Errorf("%s is %v of %v, want %v", expr, s.Value[1], s.Metric, value)
			}
		}
		if len(got) != n {
			return fmt.Errorf("%s is %d series, want %d: %v", expr, len(got), n, got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
