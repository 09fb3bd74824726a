// Command judge tries kubevitals on the cases, and prints what it was to say of each,
// what it says, and whether that is right.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/test/cases"
)

// errWrong says that an answer is wrong, which has been printed.
var errWrong = errors.New("not every answer is right")

func main() {
	binary := flag.String("binary", filepath.Join("bin", "kubevitals"), "program to judge")
	folder := flag.String("cases", "cases", "folder of the cases")
	flag.Usage = func() {
		_, _ = fmt.Fprintln(flag.CommandLine.Output(), "usage: judge [flags] [CASE ...]\nTries kubevitals on the cases, or on some, of which it prints the answers.")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *binary, *folder, flag.Args())
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, binary, folder string, names []string) error {
	all, err := chosen(folder, names)
	if err != nil {
		return err
	}
	answers := make([]cases.Answer, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range all {
		group.Go(func() (err error) {
			answers[i], err = ask(ctx, binary, all[i].Dump)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i := range names {
		_, _ = fmt.Fprintf(out, "%s\n", answers[i].Text)
	}
	return table(out, all, answers)
}

// chosen are the cases of the names, in their order, and all without any.
func chosen(folder string, names []string) ([]cases.Case, error) {
	if len(names) == 0 {
		return cases.Load(folder)
	}
	var all []cases.Case
	for _, name := range names {
		c, err := cases.Read(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// ask lets the program look at a dump twice: once for the text, and once for the incidents.
func ask(ctx context.Context, binary, dump string) (a cases.Answer, err error) {
	look := func(form string) ([]byte, error) {
		// The program is the one that whoever runs this names.
		command := exec.CommandContext(ctx, binary, "check", "--snapshot="+dump, "--output="+form, "--log.level=error") //nolint:gosec
		text, err := command.Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 && len(text) > 0 {
			return text, nil // it has findings, or could not see everything
		}
		if err != nil {
			return nil, fmt.Errorf("%v: %w", command, err)
		}
		a.Clear = true
		return text, nil
	}
	text, err := look("text")
	if err != nil {
		return a, err
	}
	a.Text = string(text)
	if text, err = look("json"); err != nil {
		return a, err
	}
	var result struct{ Incidents []incident.Incident }
	if err := json.Unmarshal(text, &result); err != nil {
		return a, fmt.Errorf("%s check --snapshot=%s: %w", binary, dump, err)
	}
	a.Incidents = result.Incidents
	return a, nil
}

func table(out io.Writer, all []cases.Case, answers []cases.Answer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	right := 0
	for i, c := range all {
		wrong := c.Judge(answers[i])
		verdict := "right"
		if len(wrong) > 0 {
			verdict = "WRONG"
		} else {
			right++
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", verdict, c.Name, c.Expected(), answers[i].Named())
		for _, what := range wrong {
			_, _ = fmt.Fprintf(w, "\t  %s\t\t\n", what)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "%d of %d right\n", right, len(all))
	if right < len(all) {
		return errWrong
	}
	return nil
}
