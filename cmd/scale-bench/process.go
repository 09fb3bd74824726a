package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// process is the kubevitals under measurement.
type process struct {
	command *exec.Cmd
	url     string
}

func (p *process) stop() {
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
}

// scrape reads /metrics as Prometheus does.
func (p *process) scrape(ctx context.Context, packed bool) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return nil, err
	}
	// Set by hand, the transport leaves the body packed.
	request.Header.Set("Accept-Encoding", map[bool]string{true: "gzip", false: "identity"}[packed])
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New("scrape: " + response.Status)
	}
	return io.ReadAll(response.Body)
}

// waitUntilComplete returns when all sources are available and every kubelet
// has answered everything.
func (p *process) waitUntilComplete(ctx context.Context, s settings) error {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	said := "nothing was scraped"
	for {
		body, err := p.scrape(ctx, false)
		if err == nil {
			sources := count(body, "kubevitals_source_available{", " 1")
			answers := count(body, "kubevitals_kubelet_available{", " 1")
			if sources == 6 && answers == 3*s.nodes {
				return nil
			}
			said = fmt.Sprintf("%d of 6 sources, %d of %d answers of kubelets", sources, answers, 3*s.nodes)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not everything was read within %s: %s", s.limit, said)
		case <-time.After(2 * time.Second):
		}
	}
}

// count counts the lines that begin and end so.
func count(body []byte, prefix, suffix string) int {
	n := 0
	for line := range bytes.Lines(body) {
		text := bytes.TrimRight(line, "\n")
		if bytes.HasPrefix(text, []byte(prefix)) && bytes.HasSuffix(text, []byte(suffix)) {
			n++
		}
	}
	return n
}

// scrapes are what a number of scrapes came to, the times in order.
type scrapes struct {
	series, bytes int
	took          []time.Duration
}

func (p *process) scrapes(ctx context.Context, n int, packed bool) (scrapes, error) {
	var s scrapes
	for range n {
		begun := time.Now()
		body, err := p.scrape(ctx, packed)
		if err != nil {
			return s, err
		}
		s.took = append(s.took, time.Since(begun).Round(time.Millisecond))
		s.bytes = len(body)
		if !packed {
			s.series = count(body, "kubevitals_", "")
		}
	}
	slices.Sort(s.took)
	return s, nil
}

func (s scrapes) median() time.Duration { return s.took[len(s.took)/2] }

// usage is what a process has used so far.
type usage struct {
	resident, peak int64
	cpu            time.Duration
}

// usage reads /proc: the memory, and the processor time in ticks of 10 ms.
func (p *process) usage() (usage, error) {
	var u usage
	dir := fmt.Sprintf("/proc/%d/", p.command.Process.Pid)
	status, err := os.Open(dir + "status")
	if err != nil {
		return u, err
	}
	defer func() { _ = status.Close() }()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		var kilobytes int64
		if _, err := fmt.Sscanf(lines.Text(), "VmRSS: %d kB", &kilobytes); err == nil {
			u.resident = kilobytes * 1024
		}
		if _, err := fmt.Sscanf(lines.Text(), "VmHWM: %d kB", &kilobytes); err == nil {
			u.peak = kilobytes * 1024
		}
	}
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		return u, err
	}
	// The fields after the name, which may hold spaces: utime and stime are the
	// 12th and 13th.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return u, fmt.Errorf("read %sstat: %w", dir, err)
	}
	u.cpu = time.Duration(user+system) * 10 * time.Millisecond
	return u, nil
}
