package chaos

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/lab/process"
)

// families are the metrics of one scrape by name.
type families map[string]*dto.MetricFamily

// program is something that tells of nodes and pods: kubevitals, or its peer.
type program interface {
	name() string
	// start starts it with a kubeconfig and returns where it serves its metrics.
	start(ctx context.Context, kubeconfig string, log *os.File, flags ...string) (*exec.Cmd, string, error)
	// read takes what a scrape says of the objects whose nodes begin with prefix.
	read(f families, prefix string) reading
}

// subject is a running program under test.
type subject struct {
	program program
	cmd     *exec.Cmd
	url     string
	client  *http.Client
}

func startSubject(ctx context.Context, p program, kubeconfig, dir string, flags ...string) (*subject, error) {
	log, err := os.Create(filepath.Join(dir, p.name()+".log"))
	if err != nil {
		return nil, fmt.Errorf("log of the program under test: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd, url, err := p.start(ctx, kubeconfig, log, flags...)
	if err != nil {
		return nil, fmt.Errorf("program under test: %w; see %s", err, log.Name())
	}
	return &subject{program: p, cmd: cmd, url: url, client: &http.Client{}}, nil
}

func (s *subject) stop() {
	s.client.CloseIdleConnections()
	process.Kill(s.cmd)
}

// scrape reads the metrics as Prometheus does.
func (s *subject) scrape(ctx context.Context) (families, error) {
	return process.Scrape(ctx, s.client, s.url)
}

// Resources are what the program under test holds.
type Resources struct {
	Goroutines  int   `json:"goroutines"`
	Resident    int64 `json:"resident_bytes"`
	Descriptors int   `json:"descriptors"`
}

func (s *subject) resources(goroutines int) Resources {
	r := Resources{Goroutines: goroutines}
	proc := filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid))
	if fds, err := os.ReadDir(filepath.Join(proc, "fd")); err == nil {
		r.Descriptors = len(fds)
	}
	if text, err := os.ReadFile(filepath.Join(proc, "statm")); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64)
			r.Resident = pages * int64(os.Getpagesize())
		}
	}
	return r
}
