package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
	"github.com/kubevitals/kubevitals/lab/matrix"
)

// matrixFlags are those of kubevitals-lab matrix.
type matrixFlags struct {
	options                                  matrix.Options
	only, coredns                            string
	pairs                                    int
	list                                     bool
	json, markdown, results, command, remark string
}

func parseMatrix(args []string) (matrixFlags, error) {
	f := matrixFlags{options: matrix.Options{Logf: progress}}
	flags := flag.NewFlagSet("matrix", flag.ContinueOnError)
	benchFlags(flags, &f.options, &f.coredns)
	flags.StringVar(&f.options.Causes, "causes", "mixin/generated/causes.json", "file with the graph of causes")
	flags.DurationVar(&f.options.Stay, "stay", 45*time.Second, "how long a fault goes on after its alert has fired")
	flags.IntVar(&f.options.Parallel, "parallel", 2, "number of labs at a time")
	flags.StringVar(&f.only, "only", "", "names of the faults to be played, separated by commas")
	flags.IntVar(&f.pairs, "pairs", 0, "play so many pairs of faults at once instead, and those of which one outlives the other")
	flags.BoolVar(&f.list, "list", false, "list the cases and end")
	flags.StringVar(&f.json, "json", "", "file for the results as JSON (default: results.json in the folder)")
	flags.StringVar(&f.results, "results", "", "play nothing, and take the results of earlier campaigns from these files, separated by commas; of a case that is in several the last counts")
	flags.StringVar(&f.remark, "remark", "", "what the document is to say of the circumstances")
	flags.StringVar(&f.markdown, "markdown", "", "document that is to be written")
	err := flags.Parse(args)
	f.command = "make matrix"
	return f, err
}

// benchFlags are those of a lab with all that watches it.
func benchFlags(flags *flag.FlagSet, o *matrix.Options, coredns *string) {
	flags.StringVar(&o.Kubevitals, "kubevitals", "bin/kubevitals", "binary of kubevitals")
	flags.StringVar(&o.Prometheus, "prometheus", "bin/prometheus", "binary of Prometheus")
	flags.StringVar(&o.Alertmanager, "alertmanager", "bin/alertmanager", "binary of Alertmanager")
	flags.StringVar(coredns, "coredns", "bin/coredns", "binary of CoreDNS")
	flags.StringVar(&o.Manifests, "manifests", "deploy/base", "folder with the manifests of kubevitals")
	flags.StringVar(&o.Dir, "dir", "", "folder for logs and results (default: a new one in the temporary folder)")
	flags.IntVar(&o.Nodes, "nodes", 6, "number of nodes of a lab")
}

// place decides where the programs and the folder are.
func place(o *matrix.Options, coredns string) error {
	var err error
	if o.LabBinary, err = os.Executable(); err != nil {
		return fmt.Errorf("find my own binary: %w", err)
	}
	if err := os.Setenv(cluster.CoreDNSEnv, coredns); err != nil {
		return err
	}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "kubevitals-matrix-"); err != nil {
			return fmt.Errorf("folder for results: %w", err)
		}
	}
	return nil
}

// runMatrix plays the faults and reports what they came to.
func runMatrix(ctx context.Context, args []string) error {
	f, err := parseMatrix(args)
	if err != nil {
		return err
	}
	if f.results != "" {
		report, err := matrix.Merge(strings.Split(f.results, ",")...)
		if err != nil {
			return err
		}
		report.Remark = f.remark
		return f.show(report)
	}
	chosen, err := faults.Select(f.only)
	if err != nil {
		return err
	}
	cases := matrix.Single(chosen)
	if f.pairs > 0 {
		if cases, err = matrix.Pairs(chosen, f.options.Causes, f.pairs); err != nil {
			return err
		}
		cases = append(matrix.Outliving(chosen), cases...)
	}
	if f.list {
		for _, c := range cases {
			fmt.Println(c.Name())
		}
		return nil
	}
	report, err := f.play(ctx, cases)
	if err != nil {
		return err
	}
	return f.show(report)
}

// play plays the cases after it has decided where all goes.
func (f *matrixFlags) play(ctx context.Context, cases []matrix.Case) (matrix.Report, error) {
	if err := place(&f.options, f.coredns); err != nil {
		return matrix.Report{}, err
	}
	if f.json == "" {
		f.json = filepath.Join(f.options.Dir, "results.json")
	}
	report, err := matrix.Run(ctx, f.options, cases)
	_, _ = fmt.Fprintf(os.Stderr, "logs and results: %s\n", f.options.Dir)
	report.Command, report.Remark = f.command, f.remark
	if f.pairs > 0 {
		report.Results, report.Pairs = nil, report.Results
	}
	// What was played before an interruption counts.
	return report, errors.Join(err, report.Write(f.json))
}

// show prints the report and writes the document, if there is one.
func (f *matrixFlags) show(r matrix.Report) error {
	fmt.Print(r.Summary())
	if f.markdown != "" {
		if err := os.WriteFile(f.markdown, []byte(r.Markdown()), 0o644); err != nil { //nolint:gosec // a document
			return fmt.Errorf("document: %w", err)
		}
	}
	if bad := r.Bad(); len(bad) > 0 {
		return fmt.Errorf("not as they have to be: %s", strings.Join(bad, ", "))
	}
	return nil
}
