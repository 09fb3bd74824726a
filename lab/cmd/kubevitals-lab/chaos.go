package main

import (
	"context"
	"encoding/json"
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
	options        chaos.Options
	only           string
	list, short    bool
	json, markdown string
}

func parseChaos(args []string) (chaosFlags, error) {
	f := chaosFlags{options: chaos.Options{Logf: func(format string, args ...any) {
		_, _ = fmt.Fprintf(os.Stderr, time.Now().UTC().Format(time.TimeOnly)+" "+format+"\n", args...)
	}}}
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.StringVar(&f.options.Binary, "kubevitals", "bin/kubevitals", "binary of kubevitals")
	flags.StringVar(&f.options.Peer, "peer", "", "binary of kube-state-metrics, to be tried in place of kubevitals")
	flags.StringVar(&f.options.Manifests, "manifests", "deploy/base", "folder with the manifests of kubevitals")
	flags.StringVar(&f.options.Dir, "dir", "", "folder for logs and timelines (default: a new one in the temporary folder)")
	flags.DurationVar(&f.options.Duration, "duration", 75*time.Second, "how long each fault lasts")
	flags.DurationVar(&f.options.Recovery, "recovery", time.Minute, "how long to wait for all to be right after a fault")
	flags.IntVar(&f.options.Parallel, "parallel", 6, "number of trials at a time")
	flags.StringVar(&f.only, "only", "", "names of the trials to be played, separated by commas")
	flags.BoolVar(&f.list, "list", false, "list the trials and end")
	flags.BoolVar(&f.short, "short", false, "play a part that takes less than four minutes")
	flags.StringVar(&f.json, "json", "", "file for the results as JSON")
	flags.StringVar(&f.markdown, "markdown", "", "document whose table is to be replaced by the results")
	return f, flags.Parse(args)
}

// runChaos plays a campaign and reports what it came to.
func runChaos(ctx context.Context, args []string) error {
	f, err := parseChaos(args)
	if err != nil {
		return err
	}
	trials, err := chaos.Select(chaos.Trials(), f.short, f.only)
	if err != nil {
		return err
	}
	if f.list {
		for _, t := range trials {
			fmt.Printf("%-26s %s\n", t.Name, t.What)
		}
		return nil
	}
	if f.options.LabBinary, err = os.Executable(); err != nil {
		return fmt.Errorf("find my own binary: %w", err)
	}
	if f.options.Dir == "" {
		if f.options.Dir, err = os.MkdirTemp("", "kubevitals-chaos-"); err != nil {
			return fmt.Errorf("folder for results: %w", err)
		}
	}
	results, err := chaos.Run(ctx, f.options, trials)
	if err != nil {
		return err
	}
	chaos.Text(os.Stdout, results)
	fmt.Printf("\nLogs and timelines: %s\n", f.options.Dir)
	return f.write(results, args)
}

// write leaves the results in the files that were asked for.
func (f chaosFlags) write(results []chaos.Result, args []string) error {
	out := f.json
	if out == "" {
		out = filepath.Join(f.options.Dir, "results.json")
	}
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	if err := os.WriteFile(out, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("results: %w", err)
	}
	if f.markdown == "" {
		return nil
	}
	return chaos.ReplaceTable(f.markdown, "kubevitals-lab chaos "+strings.Join(args, " "), results)
}
