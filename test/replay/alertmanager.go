package replay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Options say what is sent, and how.
type Options struct {
	// Binary is Alertmanager.
	Binary string
	// Pace is how many simulated seconds pass in one, and Evaluation the simulated time
	// between two evaluations of the rules.
	Pace       float64
	Evaluation time.Duration
}

// What Alertmanager waits for by default, and 4 hours until it tells of the same again.
const (
	groupWait     = 30 * time.Second
	groupInterval = 5 * time.Minute
	repeat        = 4 * time.Hour
)

// Alertmanager is a real one with its own receiver.
type Alertmanager struct {
	url      string
	receiver *receiver
	command  *exec.Cmd
	ended    chan struct{}
}

// startTimeout is how long it may take to be ready, and stopTimeout to end.
const (
	startTimeout = time.Minute
	stopTimeout  = 10 * time.Second
)

// StartAlertmanager starts one that groups by cluster and name of the alert, sends what is
// above info, and inhibits what a part of its configuration says, which may be empty. Its
// files are in a folder that exists.
func StartAlertmanager(ctx context.Context, o Options, dir string, inhibition []byte) (*Alertmanager, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	received, err := startReceiver(ctx)
	if err != nil {
		return nil, err
	}
	a := &Alertmanager{url: fmt.Sprintf("http://127.0.0.1:%d", port), receiver: received, ended: make(chan struct{})}
	scaled := func(d time.Duration) string {
		return fmt.Sprintf("%dms", time.Duration(float64(d)/o.Pace).Milliseconds())
	}
	text := fmt.Sprintf(`route:
  receiver: on-call
  group_by: [cluster, alertname]
  group_wait: %s
  group_interval: %s
  repeat_interval: %s
  routes: [{receiver: none, matchers: ['severity="info"']}]
receivers:
  - name: none
  - name: on-call
    webhook_configs: [{url: %q, send_resolved: true}]
`, scaled(groupWait), scaled(groupInterval), scaled(repeat), received.url())
	config := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(config, append([]byte(text), inhibition...), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("configuration of Alertmanager: %w", err), received.close())
	}
	if err := a.start(ctx, o.Binary, dir, config, port); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

func (a *Alertmanager) start(ctx context.Context, binary, dir, config string, port int) error {
	log, err := os.Create(filepath.Join(dir, "alertmanager.log"))
	if err != nil {
		return fmt.Errorf("log of Alertmanager: %w", err)
	}
	defer func() { _ = log.Close() }() // the process has its own
	args := []string{"--config.file=" + config, "--storage.path=" + dir, "--cluster.listen-address=", fmt.Sprintf("--web.listen-address=127.0.0.1:%d", port)}
	a.command = exec.Command(binary, args...) //nolint:noctx // it outlives the call that starts it
	a.command.Stdout, a.command.Stderr = log, log
	if err := a.command.Start(); err != nil {
		a.command = nil
		return fmt.Errorf("start Alertmanager: %w", err)
	}
	go func() {
		defer close(a.ended)
		_ = a.command.Wait() // how it ended is in its log
	}()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if err := a.ready(ctx); err == nil {
			return nil
		}
		select {
		case <-a.ended:
			return fmt.Errorf("Alertmanager ended before it was ready; see %s", log.Name())
		case <-ctx.Done():
			return fmt.Errorf("Alertmanager is not ready; see %s: %w", log.Name(), ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (a *Alertmanager) ready(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+"/-/ready", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

// Stop ends it, and its receiver.
func (a *Alertmanager) Stop() error {
	if a.command != nil {
		_ = a.command.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-a.ended:
		case <-time.After(stopTimeout):
			_ = a.command.Process.Kill()
			<-a.ended
		}
	}
	return a.receiver.close()
}

// Told are the notifications of something that fires in a cluster.
func (a *Alertmanager) Told(cluster string) []Notification { return a.receiver.of(cluster) }

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("a free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
