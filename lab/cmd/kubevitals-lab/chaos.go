package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/lab/chaos"
)

// chaosFlags are those of kubevitals-lab chaos.
type chaosFlags struct {
	options                 chaos.Options
	only                    string
	list, short             bool
	json, markdown, results string
	command                 string
	random                  int
	seed                    uint64
}

func parseChaos(args []string) (chaosFlags, error) {
	f := chaosFlags{options: chaos.Options{Logf: progress}}
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.StringVar(&f.options.Binary, "kubevitals", "bin/kubevitals", "binary of kubevitals")
	flags.StringVar(&f.options.Peer, "peer", "", "binary of kube-state-metrics, to be tried beside kubevitals")
	flags.StringVar(&f.options.Manifests, "manifests", "deploy/base", "folder with the manifests of kubevitals")
	flags.StringVar(&f.options.Dir, "dir", "", "folder for logs and timelines (default: a new one in the temporary folder)")
	flags.DurationVar(&f.options.Duration, "duration", 75*time.Second, "how long each fault lasts")
	flags.DurationVar(&f.options.Recovery, "recovery", time.Minute, "how long to wait for all to be right after a fault")
	flags.IntVar(&f.options.Parallel, "parallel", 6, "number of trials at a time")
	flags.StringVar(&f.only, "only", "", "names of the trials to be played, separated by commas")
	flags.BoolVar(&f.list, "list", false, "list the trials and end")
	flags.BoolVar(&f.short, "short", false, "play a part that takes less than four minutes")
	flags.IntVar(&f.random, "random", 0, "play this many random schedules instead")
	flags.Uint64Var(&f.seed, "seed", 1, "what the random schedules are made from; the same makes the same ones")
	flags.StringVar(&f.json, "json", "", "file for the results as JSON (default: results.json in the folder)")
	flags.StringVar(&f.results, "results", "", "play nothing, and take the results of an earlier campaign from this file")
	flags.StringVar(&f.markdown, "markdown", "", "document whose table is to be replaced by the results; with --only, its rows")
	err := flags.Parse(args)
	f.command = commandOf(flags)
	return f, err
}

// progress tells of what campaigns do, with the time of the day.
func progress(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, time.Now().UTC().Format(time.TimeOnly)+" "+format+"\n", args...)
}

// commandOf is what others would type to get the same, wherever their files are.
func commandOf(flags *flag.FlagSet) string {
	command := "kubevitals-lab chaos"
	flags.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "kubevitals", "manifests", "dir", "json", "markdown", "results", "list":
		case "peer":
			command += " --peer=" + filepath.Base(f.Value.String())
		default:
			command += fmt.Sprintf(" --%s=%s", f.Name, f.Value)
		}
	})
	return command
}

// runChaos plays a campaign and reports what it came to.
func runChaos(ctx context.Context, args []string) error {
	f, err := parseChaos(args)
	if err != nil {
		return err
	}
	known := chaos.Trials()
	if f.random > 0 {
		known = chaos.Random(f.seed, f.random)
	}
	trials, err := chaos.Select(known, f.short, f.only)
	if err != nil {
		return err
	}
	if f.list {
		for _, t := range trials {
			fmt.Printf("%-26s %s\n", t.Name, t.What)
		}
		return nil
	}
	if f.results != "" {
		report, err := chaos.ReadReport(f.results)
		if err != nil {
			return err
		}
		return f.show(report)
	}
	report := chaos.Report{Command: f.command}
	if report.Results, err = f.play(ctx, trials); err != nil {
		return err
	}
	if err := report.Write(f.json); err != nil {
		return err
	}
	return f.show(report)
}

// play plays the trials after it has decided where all goes.
func (f *chaosFlags) play(ctx context.Context, trials []chaos.Trial) ([]chaos.Result, error) {
	var err error
	if f.options.LabBinary, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find my own binary: %w", err)
	}
	if f.options.Dir == "" {
		if f.options.Dir, err = os.MkdirTemp("", "kubevitals-chaos-"); err != nil {
			return nil, fmt.Errorf("folder for results: %w", err)
		}
	}
	if f.json == "" {
		f.json = filepath.Join(f.options.Dir, "results.json")
	}
	results, err := chaos.Run(ctx, f.options, trials)
	_, _ = fmt.Fprintf(os.Stderr, "logs and timelines: %s\n", f.options.Dir)
	return results, err
}

// show prints the report, and puts it into the document if there is one.
func (f *chaosFlags) show(r chaos.Report) error {
	r.Text(os.Stdout)
	if f.markdown != "" {
		write := r.ReplaceTable
		if f.only != "" {
			write = r.UpdateTable
		}
		if err := write(f.markdown); err != nil {
			return err
		}
	}
	if broken := r.Broken(); len(broken) > 0 {
		return fmt.Errorf("trials that have to hold and did not, or could not be played: %s", strings.Join(broken, ", "))
	}
	return nil
}
