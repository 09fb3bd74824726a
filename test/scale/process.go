package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startTimeout is how long the binary may take until it serves.
const startTimeout = 30 * time.Second

// process is the running binary.
type process struct {
	url     string
	command *exec.Cmd
	ended   chan struct{}
}

var serves = regexp.MustCompile(`\bserves (http://\S+)`)

// start runs the binary until it says where it serves.
func start(ctx context.Context, binary string, args []string, stderr io.Writer) (*process, error) {
	command := exec.CommandContext(ctx, binary, args...)
	command.Stderr = stderr
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("output of %s: %w", binary, err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	p := &process{command: command, ended: make(chan struct{})}
	found := make(chan string, 1)
	go func() {
		defer close(p.ended)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if m := serves.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case found <- m[1]:
				default:
				}
			}
		}
		// How it ended shows in its log and in what cannot be read any more.
		_ = command.Wait()
	}()
	bound := time.NewTimer(startTimeout)
	defer bound.Stop()
	select {
	case p.url = <-found:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("%s ended before it served: %s", binary, command.ProcessState)
	case <-bound.C:
	case <-ctx.Done():
	}
	p.stop()
	return nil, errors.Join(fmt.Errorf("%s did not say within %s where it serves", binary, startTimeout), ctx.Err())
}

func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// stop ends the process and waits for it.
func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	bound := time.NewTimer(10 * time.Second)
	defer bound.Stop()
	select {
	case <-p.ended:
	case <-bound.C:
		_ = p.command.Process.Kill()
		<-p.ended
	}
}

// usage is what the kernel says that the process has used.
type usage struct {
	// resident and peak are bytes; anonymous is the part of what is resident that is
	// not in a file.
	resident, peak, anonymous int64
	cpu                       time.Duration
}

// ticksPerSecond is the unit of CPU times in /proc on every Linux.
const ticksPerSecond = 100

func (p *process) usage() (usage, error) {
	u, err := readUsage(p.command.Process.Pid)
	if err != nil {
		return u, fmt.Errorf("resources of the process: %w", err)
	}
	return u, nil
}

func readUsage(pid int) (usage, error) {
	var u usage
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[2] != "kB" {
			continue
		}
		kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return u, err
		}
		switch fields[0] {
		case "VmRSS:":
			u.resident = kilobytes << 10
		case "VmHWM:":
			u.peak = kilobytes << 10
		case "RssAnon:":
			u.anonymous = kilobytes << 10
		}
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	// The name of the program, in parentheses, may hold spaces.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	const user, system = 11, 12
	if len(fields) <= system || u.resident == 0 {
		return u, errors.New("the process has ended")
	}
	for _, field := range fields[user : system+1] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return u, err
		}
		u.cpu += time.Duration(ticks) * time.Second / ticksPerSecond
	}
	return u, nil
}
