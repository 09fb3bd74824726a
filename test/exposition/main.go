// Command exposition compares the parser of metrics bodies with the tools
// that one would use by hand, as whole processes on the same file.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/test/leakybody"
)

// parseEnv makes this program parse standard input and print the counts, which
// is how it measures the parser in a process of its own.
const parseEnv = "EXPOSITION_BENCH_PARSE"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	if os.Getenv(parseEnv) != "" {
		err = count(os.Stdin, os.Stdout)
	} else {
		err = run(ctx, os.Args[1:], os.Stdout)
	}
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "exposition-bench:", err)
		os.Exit(1)
	}
}

// count prints what `sort | uniq -c` would of the names in a body.
func count(r io.Reader, w io.Writer) error {
	report, err := exposition.Parse(r, exposition.Options{TopN: 1 << 20, BodyLimit: 1 << 40})
	if err != nil {
		return err
	}
	for _, f := range report.Top {
		if _, err := fmt.Fprintln(w, f.Series, f.Name); err != nil {
			return err
		}
	}
	return nil
}

// contestant is one way to count, given the file as its standard input.
type contestant struct {
	name    string
	command []string
	env     string
	counts  bool // prints the counts, which must agree
	took    []time.Duration
}

func contestants() ([]*contestant, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return []*contestant{
		{name: "kubevitals", command: []string{self}, env: parseEnv + "=1", counts: true},
		{name: "wc -l", command: []string{"wc", "-l"}},
		{name: "awk", counts: true, command: []string{
			"awk", `/^[^#]/ { sub(/[{ ].*/, ""); n[$0]++ } END { for (f in n) print n[f], f }`,
		}},
		{name: "sed | sort | uniq -c", counts: true, command: []string{
			"sh", "-c", `sed '/^#/d; s/[{ ].*//' | sort | uniq -c`,
		}},
	}, nil
}

func run(ctx context.Context, args []string, w io.Writer) error {
	flags := flag.NewFlagSet("exposition-bench", flag.ContinueOnError)
	megabytes := flags.Int("megabytes", 150, "size of the body")
	rounds := flags.Int("rounds", 3, "rounds; the median counts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "exposition-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "metrics")
	size, err := generate(file, *megabytes)
	if err != nil {
		return err
	}
	all, err := contestants()
	if err != nil {
		return err
	}
	want := ""
	for range *rounds {
		for _, c := range all { // in turn, so that a slow moment of the machine hits all
			got, err := c.run(ctx, file)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if want == "" {
				want = got
			}
			if c.counts && got != want {
				return fmt.Errorf("%s counts otherwise than %s", c.name, all[0].name)
			}
		}
	}
	return report(w, all, size)
}

// generate writes a leaking kubelet's body of about that size.
func generate(file string, megabytes int) (int64, error) {
	const bytesPerReflector = 2350
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	if err := leakybody.Write(f, megabytes*1_000_000/bytesPerReflector); err != nil {
		_ = f.Close()
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), f.Close()
}

// run times one run and returns the counts in a comparable form.
func (c *contestant) run(ctx context.Context, file string) (string, error) {
	input, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = input.Close() }()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, c.command[0], c.command[1:]...)
	command.Stdin, command.Stderr = input, os.Stderr
	command.Env = append(os.Environ(), "LC_ALL=C")
	if c.env != "" {
		command.Env = append(command.Env, c.env)
	}
	begun := time.Now()
	output, err := command.Output()
	c.took = append(c.took, time.Since(begun))
	if err != nil {
		return "", err
	}
	var lines []string
	for line := range strings.Lines(string(output)) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), nil
}

func (c *contestant) median() float64 {
	slices.Sort(c.took)
	return c.took[len(c.took)/2].Seconds()
}

func report(w io.Writer, all []*contestant, size int64) error {
	megabytes := float64(size) / 1e6
	_, err := fmt.Fprintf(w, "\nCounting the series of a body of %.0f MB by name (whole processes, median of %d, LC_ALL=C):\n\n%-22s %9s %9s %s\n",
		megabytes, len(all[0].took), "", "seconds", "MB/s", "kubevitals is faster by")
	for _, c := range all {
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%-22s %9.2f %9.0f %8.1f\n", c.name, c.median(), megabytes/c.median(), c.median()/all[0].median())
	}
	return err
}
