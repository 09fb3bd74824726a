package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// crowd is what makes a node busy: processes with open files, of which some hold
// inotify watches.
type crowd struct {
	processes, files, watches int
}

const (
	// holdArgument makes this program one of the crowd.
	holdArgument = "hold-inotify-watches"
	// watchesOfOne is how many watches one process holds. All of them are folders,
	// since a folder is watched by one instance once only.
	watchesOfOne = 500
)

// gathered is a crowd that is there.
type gathered struct {
	commands []*exec.Cmd
	release  []io.Closer
}

// gather starts the crowd. Each of it ends by itself when this process does,
// because all of them read from a pipe that this process holds open.
func (c crowd) gather(ctx context.Context) (_ *gathered, err error) {
	g := &gathered{}
	defer func() {
		if err != nil {
			g.disperse()
		}
	}()
	dir, err := os.MkdirTemp("", "scale-bench-watched-")
	if err != nil {
		return nil, fmt.Errorf("folders to watch: %w", err)
	}
	g.release = append(g.release, remover(dir))
	for i := range watchesOfOne {
		if err := os.Mkdir(filepath.Join(dir, strconv.Itoa(i)), 0o700); err != nil {
			return nil, fmt.Errorf("folders to watch: %w", err)
		}
	}
	file, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open file of the crowd: %w", err)
	}
	defer func() { _ = file.Close() }()
	var open []*os.File
	for range c.files {
		open = append(open, file)
	}
	for left := c.watches; left > 0; left -= watchesOfOne {
		if err := g.holder(ctx, dir, min(left, watchesOfOne), open); err != nil {
			return nil, err
		}
	}
	for len(g.commands) < c.processes {
		if err := g.add(exec.CommandContext(ctx, "cat"), open); err != nil {
			return nil, fmt.Errorf("process %d of the crowd: %w", len(g.commands), err)
		}
	}
	return g, nil
}

type remover string

func (r remover) Close() error { return os.RemoveAll(string(r)) }

// add starts a process that ends when its input does.
func (g *gathered) add(command *exec.Cmd, open []*os.File) error {
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	command.Stdin, command.ExtraFiles, command.Stderr = in, open, os.Stderr
	if err := command.Start(); err != nil {
		_ = out.Close()
		return err
	}
	g.commands, g.release = append(g.commands, command), append(g.release, out)
	return nil
}

// holder starts a process that holds watches, and waits until it does.
func (g *gathered) holder(ctx context.Context, dir string, watches int, open []*os.File) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("file of this program: %w", err)
	}
	command := exec.CommandContext(ctx, self, holdArgument, dir+":"+strconv.Itoa(watches))
	said, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("output of the crowd: %w", err)
	}
	if err := g.add(command, open); err != nil {
		return fmt.Errorf("process that holds watches: %w", err)
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || line != "ready\n" {
		return errors.Join(fmt.Errorf("process that holds watches says %q; see sysctl fs.inotify", line), err)
	}
	return nil
}

// disperse ends the crowd.
func (g *gathered) disperse() {
	for _, r := range g.release {
		_ = r.Close()
	}
	for _, c := range g.commands {
		_ = c.Process.Kill()
	}
	for _, c := range g.commands {
		_ = c.Wait()
	}
}
