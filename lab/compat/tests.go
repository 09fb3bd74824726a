package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// componentsEnv makes the lab start that binary, see package cluster, and versionEnv is
// what a test finds its components to be of.
const (
	componentsEnv = "KUBEVITALS_LAB_COMPONENTS"
	versionEnv    = "KUBEVITALS_LAB_VERSION"
)

// limit is for all tests together.
const limit = 50 * time.Minute

// event is a line of go test -json.
type event struct {
	Action, Test, Output, Key, Value string
}

// results are of the tests of one run, by their names.
type results struct {
	passed, failed []string
	skipped        []skip
	leftOut        []string // nobody asked for them
	unreached      []string // asked for, but the run ended before
	unseen         []string // what kubevitals said it could not see, and why
	broken         error    // what ended the run, other than a test that failed
}

type skip struct{ test, why string }

// unseenKey is the attribute by which a test tells what kubevitals could not see.
const unseenKey = "unseen"

// atOnce is how many tests run at a time, each with a control plane of its own: they wait
// more than they work.
const atOnce = 3

// test runs the tests against the components. The error is of a run that did not begin.
func test(ctx context.Context, o options, components string) (*results, error) {
	out, err := goCommand(ctx, o.lab, "test", "-list", ".", "./e2e")
	if err != nil {
		return nil, err
	}
	listed := testsOf(out)
	if len(listed) == 0 {
		return nil, errors.New("package e2e has no tests")
	}
	ctx, cancel := context.WithTimeout(ctx, limit+time.Minute)
	defer cancel()
	var group sync.WaitGroup
	parts, errs := make([]*results, atOnce), make([]error, atOnce)
	for i, run := range partsOf(listed, o.run, atOnce) {
		group.Go(func() { parts[i], errs[i] = testPart(ctx, o, components, run) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	all := &results{}
	for _, part := range parts {
		if part != nil {
			all.add(part)
		}
	}
	all.leave(listed, o)
	return all, nil
}

// testsOf are the names that go test -list prints.
func testsOf(listed string) []string {
	return slices.DeleteFunc(strings.Fields(listed), func(name string) bool { return !strings.HasPrefix(name, "Test") })
}

// partsOf are patterns that share out the tests evenly, or that of the caller if there is
// one.
func partsOf(listed []string, run string, parts int) []string {
	if run != "" {
		return []string{run}
	}
	names := make([][]string, min(parts, len(listed)))
	for i, name := range listed {
		names[i%len(names)] = append(names[i%len(names)], name)
	}
	var patterns []string
	for _, part := range names {
		patterns = append(patterns, "^("+strings.Join(part, "|")+")$")
	}
	return patterns
}

// testPart runs the tests that match, one after the other.
func testPart(ctx context.Context, o options, components, run string) (*results, error) {
	args := []string{"test", "-json", "-count=1", "-timeout=" + limit.String(), "-run=" + run}
	if o.skip != "" {
		args = append(args, "-skip="+o.skip)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./e2e")...)
	cmd.Dir, cmd.Stderr = o.lab, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", componentsEnv+"="+components, versionEnv+"="+o.version)
	// A signal to the one that runs tests is for these, too, which end the cluster.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	part, err := follow(out, os.Stdout)
	err = errors.Join(err, cmd.Wait())
	if err != nil && len(part.failed) == 0 {
		part.broken = err
	}
	return part, nil
}

// add takes in what came of other tests.
func (r *results) add(part *results) {
	r.passed = append(r.passed, part.passed...)
	r.failed = append(r.failed, part.failed...)
	r.skipped = append(r.skipped, part.skipped...)
	r.unseen = append(r.unseen, part.unseen...)
	r.broken = errors.Join(r.broken, part.broken)
}

// reason is what a test says as it is skipped.
var reason = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)`)

// follow reads the events, prints what tests print, and returns what came of those that
// are not part of another. It reads to the end whatever comes.
func follow(in io.Reader, printed io.Writer) (*results, error) {
	all, said := &results{}, map[string]string{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			// What the tests' build says is not in this form.
			_, _ = fmt.Fprintln(printed, lines.Text())
			continue
		}
		_, _ = io.WriteString(printed, e.Output)
		if m := reason.FindStringSubmatch(e.Output); m != nil {
			said[e.Test] = m[1]
		}
		if e.Action == "attr" && e.Key == unseenKey {
			all.unseen = append(all.unseen, e.Value)
		}
		if e.Test == "" || strings.Contains(e.Test, "/") {
			continue
		}
		switch e.Action {
		case "pass":
			all.passed = append(all.passed, e.Test)
		case "fail":
			all.failed = append(all.failed, e.Test)
		case "skip":
			all.skipped = append(all.skipped, skip{e.Test, said[e.Test]})
		}
	}
	err := lines.Err()
	_, drain := io.Copy(io.Discard, in)
	return all, errors.Join(err, drain)
}

// leave notes which of the tests that there are did not run, and why.
func (r *results) leave(there []string, o options) {
	ran := map[string]bool{}
	for _, name := range append(r.passed, r.failed...) {
		ran[name] = true
	}
	for _, s := range r.skipped {
		ran[s.test] = true
	}
	for _, name := range there {
		switch {
		case ran[name]:
		case o.run != "" || o.skip != "" && regexp.MustCompile(o.skip).MatchString(name):
			r.leftOut = append(r.leftOut, name)
		default:
			r.unreached = append(r.unreached, name)
		}
	}
}

// err says what went wrong, if anything did.
func (r *results) err() error {
	if len(r.unreached) > 0 {
		return errors.Join(fmt.Errorf("ended before: %s; failed: %s", strings.Join(r.unreached, ", "), strings.Join(r.failed, ", ")), r.broken)
	}
	if len(r.failed) > 0 {
		return fmt.Errorf("failed: %s", strings.Join(r.failed, ", "))
	}
	return r.broken
}
