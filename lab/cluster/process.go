package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/kubevitals/kubevitals/lab/component"
)

// Process is one component. Its methods are safe for concurrent use.
type Process struct {
	name, logFile string
	binary        string
	args          []string
	ready         func(context.Context) error
	start         func(*exec.Cmd) error

	mu       sync.Mutex
	cmd      *exec.Cmd
	lifeline *os.File
	exited   chan struct{}
	exitErr  error
	killed   bool // by Kill, so that it is to stay ended
}

func newProcess(binary, logDir, name string, args []string, ready func(context.Context) error) *Process {
	return &Process{
		name: name, binary: binary, args: args, ready: ready, start: (*exec.Cmd).Start,
		logFile: filepath.Join(logDir, name+".log"),
	}
}

// NewProcess returns a component of another package, whose output goes to a file of
// logDir. It is started by start, which may do so in other namespaces, and is ready
// when ready returns nil.
func NewProcess(command []string, logDir, name string, start func(*exec.Cmd) error, ready func(context.Context) error) *Process {
	p := newProcess(command[0], logDir, name, command[1:], ready)
	p.start = start
	return p
}

// Name returns the name of the component, which for kubelets is the node's.
func (p *Process) Name() string { return p.name }

// Pid is the id of the running process, or 0.
func (p *Process) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return 0
	}
	return p.cmd.Process.Pid
}

// LogFile is where its output goes, over restarts.
func (p *Process) LogFile() string { return p.logFile }

// Start starts the process and waits until it is ready or ctx ends.
func (p *Process) Start(ctx context.Context) error {
	if err := p.Launch(); err != nil {
		return err
	}
	return p.WaitReady(ctx)
}

// Launch starts the process and does not wait.
func (p *Process) Launch() error {
	if err := p.launch(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	return nil
}

func (p *Process) launch() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running() {
		return errors.New("it runs already")
	}
	log, err := os.OpenFile(p.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = theirs.Close() }()
	cmd := exec.Command(p.binary, p.args...) //nolint:noctx // it outlives the call that starts it
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Env = append(os.Environ(), component.LifelineEnv+"=1", "KUBE_CACHE_MUTATION_DETECTOR=false")
	// Ctrl-C at the terminal is for the one that started the cluster.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.start(cmd); err != nil {
		_ = ours.Close()
		return err
	}
	exited := make(chan struct{})
	p.cmd, p.lifeline, p.exited, p.killed = cmd, ours, exited, false
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.exitErr = err
		p.mu.Unlock()
		close(exited)
	}()
	return nil
}

// Running tells whether the process has not ended.
func (p *Process) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running()
}

// running must be called with the lock held.
func (p *Process) running() bool {
	if p.exited == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// WaitReady returns when the component is ready, and fails at once if it exits.
func (p *Process) WaitReady(ctx context.Context) error {
	p.mu.Lock()
	exited := p.exited
	p.mu.Unlock()
	for {
		attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := p.ready(attempt)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-exited:
			return fmt.Errorf("%s exited: %w; see %s", p.name, p.exitErr, p.logFile)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w; see %s", p.name, err, p.logFile)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// endedByItself tells whether it was started and has ended, and not by Kill.
func (p *Process) endedByItself() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd != nil && !p.running() && !p.killed
}

// killWait is for how long the end of a process is waited for that was killed.
const killWait = time.Minute

// Kill ends the process the hard way, as kill -9 does, and waits for its end, or a minute:
// what the kernel holds, as it does with a disk that hangs, ends later, and cannot be
// started before. It stays ended until it is started.
func (p *Process) Kill() { p.signal(syscall.SIGKILL) }

// Pause stops the process without ending it: it hangs, and its ports with it.
func (p *Process) Pause() error { return p.send(syscall.SIGSTOP) }

// Resume lets a paused process go on.
func (p *Process) Resume() error { return p.send(syscall.SIGCONT) }

func (p *Process) send(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return fmt.Errorf("%s does not run", p.name)
	}
	return p.cmd.Process.Signal(s)
}

func (p *Process) signal(s syscall.Signal) {
	p.mu.Lock()
	p.killed = true
	if !p.running() {
		p.mu.Unlock()
		return
	}
	_ = p.cmd.Process.Signal(s)
	exited, lifeline := p.exited, p.lifeline
	p.mu.Unlock()
	select {
	case <-exited:
	case <-time.After(killWait):
	}
	_ = lifeline.Close()
}
