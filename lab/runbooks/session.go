package runbooks

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"
)

// Lab is where commands run.
type Lab struct {
	// Kubectl is a program that is kubectl when called by that name.
	Kubectl string
	// Kubeconfig is that of an administrator.
	Kubeconfig string
	// KubeletCA is the authority of the kubelets' certificates. An API server passes
	// nothing on to a node on loopback, so that what would go through it is asked of
	// the kubelet itself.
	KubeletCA string
	// Timeout bounds each program, and ten of it a runbook.
	Timeout time.Duration
}

// Call is one call of a program within a statement.
type Call struct {
	Args   []string
	Status int
	Stderr string
}

// Result is how a statement ended.
type Result struct {
	Statement
	Class  Class
	Status int
	Stdout string
	Stderr string
	Calls  []Call
	// Checked is how many calls of kubectl were checked and not run.
	Checked int
}

//go:embed observe.sh
var observe string

// Run runs the commands of a runbook in one shell, as a reader does, in a
// temporary folder.
func (l Lab) Run(ctx context.Context, book Book) ([]Result, error) {
	statements, err := book.Statements()
	if err != nil {
		return nil, err
	}
	mentions, err := book.Mentions()
	if err != nil {
		return nil, err
	}
	classes := classify(statements)
	for range mentions {
		classes = append(classes, Changes)
	}
	statements = append(statements, mentions...)
	dir, err := os.MkdirTemp("", "runbook-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := l.tools(dir); err != nil {
		return nil, err
	}
	results, script := make([]Result, len(statements)), strings.Builder{}
	script.WriteString("set -u\nTIMEFORMAT=\n")
	for i, s := range statements {
		results[i] = Result{Statement: s, Class: classes[i]}
		commands := s.Text
		if classes[i] != Runs {
			checks := checks(s)
			results[i].Checked = len(checks)
			commands = strings.Join(checks, "\n")
		}
		if commands != "" {
			script.WriteString(wrapped(i, strings.ReplaceAll(commands, "/tmp/", dir+"/work/"), classes[i] == Runs))
		}
	}
	if err := l.shell(ctx, dir, script.String()); err != nil {
		return nil, fmt.Errorf("%s: %w", book.Alert, err)
	}
	for i := range results {
		if results[i].Class == Runs || results[i].Checked > 0 {
			if err := results[i].read(dir, i); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

// wrapped runs commands so that their end is known. Those that are run share the
// shell, so that variables last; those that are checked may lack variables.
func wrapped(i int, commands string, runs bool) string {
	open, end := "{", "}"
	if !runs {
		open, end = "( set +u", ")"
	}
	return fmt.Sprintf("export STATEMENT=%[1]d\n%[2]s\n%[3]s\n%[4]s >\"$OBSERVED/%[1]d.out\" 2>\"$OBSERVED/%[1]d.err\"\necho $? >\"$OBSERVED/%[1]d.status\"\n",
		i, open, commands, end)
}

// tools makes a folder with every program that may be run, each of which writes
// down how it ended.
func (l Lab) tools(dir string) error {
	for _, sub := range []string{"bin", "real", "observed", "work"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	if err := os.Symlink(l.Kubectl, filepath.Join(dir, "real/kubectl")); err != nil {
		return err
	}
	names := append(slices.Clone(harmless), "curl", "kubectl", "sysctl", "xargs", "timeout", "sudo")
	for _, name := range names {
		if slices.Contains([]string{"[", "break", "echo", "printf", "read"}, name) {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "bin", name), []byte(observe), 0o700); err != nil { //nolint:gosec // it must be executable
			return err
		}
	}
	return nil
}

func (l Lab) shell(ctx context.Context, dir, script string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*l.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir, cmd.WaitDelay = filepath.Join(dir, "work"), time.Second
	cmd.Env = []string{
		"PATH=" + filepath.Join(dir, "bin") + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + dir, "LC_ALL=C",
		"KUBECONFIG=" + l.Kubeconfig, "KUBELET_CA=" + l.KubeletCA, "OBSERVED=" + filepath.Join(dir, "observed"), "REAL=" + filepath.Join(dir, "real"),
		"REAL_PATH=" + filepath.Join(dir, "real") + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		fmt.Sprintf("LIMIT=%d", int(l.Timeout.Seconds())),
	}
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return fmt.Errorf("not done within %s: %s", 10*l.Timeout, out)
	}
	// How a shell ends is how its last statement does; a shell that gave up left
	// statements without a status.
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return err
	}
	if len(out) > 0 {
		return fmt.Errorf("the shell says: %s", out)
	}
	return nil
}

// read takes in what was observed of statement i.
func (r *Result) read(dir string, i int) error {
	observed := filepath.Join(dir, "observed", strconv.Itoa(i))
	stderr, err := os.ReadFile(observed + ".err")
	if errors.Is(err, os.ErrNotExist) {
		r.Status, r.Stderr = -1, "the shell ended before"
		return nil
	}
	if err != nil {
		return err
	}
	stdout, err := os.ReadFile(observed + ".out")
	if err != nil {
		return err
	}
	r.Stdout, r.Stderr = string(stdout), string(stderr)
	status, err := os.ReadFile(observed + ".status")
	if err != nil {
		r.Status = -1
	} else if r.Status, err = strconv.Atoi(strings.TrimSpace(string(status))); err != nil {
		return fmt.Errorf("status of %s: %w", r.Statement, err)
	}
	files, err := filepath.Glob(observed + ".call.*.args")
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		words := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
		call := Call{Args: words[1:]}
		if call.Status, err = strconv.Atoi(words[0]); err != nil {
			return fmt.Errorf("status of a call in %s: %w", r.Statement, err)
		}
		said, err := os.ReadFile(strings.TrimSuffix(file, ".args"))
		if err != nil {
			return err
		}
		call.Stderr = string(said)
		r.Calls = append(r.Calls, call)
	}
	return nil
}

// dryRuns are the verbs that the API server can try without doing it, on the node
// of the lab that stands in the command.
var dryRuns = []string{"annotate", "cordon", "label", "taint", "uncordon"}

// checks returns, for each call of kubectl in a statement, one that checks its
// flags; and where the verb can be tried, one that tries it.
func checks(s Statement) []string {
	var all []string
	syntax.Walk(s.stmt, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		words := literals(call)
		if words[0] != "kubectl" {
			return true
		}
		flag := "--help"
		if plain := verb(words); s.Section != prose && len(plain) > 1 && slices.Contains(dryRuns, plain[0]) {
			flag = "--dry-run=server"
		}
		end := slices.Index(words, "--")
		if end < 0 {
			end = len(words)
		}
		args := make([]string, 0, len(words)+1)
		for _, word := range call.Args {
			args = append(args, text(word))
		}
		all = append(all, strings.Join(slices.Insert(args, end, flag), " "))
		return true
	})
	return all
}
