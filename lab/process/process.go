// Package process runs programs under test, scrapes them as Prometheus does, and
// ends them.
package process

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrapeTimeout is Prometheus' own.
const scrapeTimeout = 10 * time.Second

// Command prepares a program that a Ctrl-C at the terminal does not end, and whose
// outputs go to log.
func Command(binary string, log *os.File, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...) //nolint:noctx // it is ended by Kill
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// Kubevitals starts kubevitals on a port of its own, and returns the address of its
// metrics as soon as it has said it, within the bounds of ctx. env is added to the
// environment.
func Kubevitals(ctx context.Context, binary string, log *os.File, env []string, flags ...string) (*exec.Cmd, string, error) {
	return KubevitalsAt(ctx, "127.0.0.1:0", binary, log, env, flags...)
}

// KubevitalsAt does the same at an address, host:port.
func KubevitalsAt(ctx context.Context, address, binary string, log *os.File, env []string, flags ...string) (*exec.Cmd, string, error) {
	cmd := Command(binary, log, append([]string{"--web.listen-address=" + address, "--log.level=debug"}, flags...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start kubevitals: %w", err)
	}
	line, err := firstLine(ctx, out)
	_, url, ok := strings.Cut(line, "kubevitals serves ")
	if err != nil || !ok {
		Kill(cmd)
		return nil, "", fmt.Errorf("kubevitals did not start: %q; see %s", line, log.Name())
	}
	return cmd, url, nil
}

// Kill ends a program and waits for it.
func Kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// Scrape reads metrics by name. It fails when they do not come as soon as Prometheus
// asks for.
func Scrape(ctx context.Context, client *http.Client, url string) (map[string]*dto.MetricFamily, error) {
	ctx, cancel := context.WithTimeout(ctx, scrapeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("scrape: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("scrape: %s", response.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return nil, fmt.Errorf("scrape: %w", err)
	}
	return families, nil
}

// firstLine returns the first line that a program prints, within the bounds of ctx.
func firstLine(ctx context.Context, from io.Reader) (string, error) {
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(from).ReadString('\n')
		line <- strings.TrimSpace(text)
		_, _ = io.Copy(io.Discard, from)
	}()
	select {
	case text := <-line:
		return text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
