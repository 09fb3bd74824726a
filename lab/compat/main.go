// Command compat compiles the components of a control plane of another version of
// Kubernetes than the lab's, runs the tests of package e2e against them, and writes into
// a document what came of it.
//
// The components are package components of the lab, with a go.mod made from the one that
// Kubernetes has in that version: what it depends on is what that version depended on, and
// etcd, which its tests use, is of that version, too. Files of the lab that another version
// of Kubernetes wants otherwise are in _before, by the first version that wants them as the
// lab has them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
)

// options are the command line.
type options struct {
	version  string // of Kubernetes, as v1.34.4
	lab      string // folder of the lab's module
	out      string // folder for what is made of this version
	document string // with the table, or nothing
	run      string // tests, as go test -run has it
	skip     string // tests, as go test -skip has it
	only     bool   // build, and run nothing
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "compat:", err)
		os.Exit(1)
	}
}

var patchVersion = regexp.MustCompile(`^v1\.\d+\.\d+$`)

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("compat", flag.ContinueOnError)
	f.StringVar(&o.version, "version", "", "version of Kubernetes, like v1.34.4")
	f.StringVar(&o.lab, "lab", "..", "folder of the lab's module")
	f.StringVar(&o.out, "out", "", "folder for the components and what they are made of")
	f.StringVar(&o.document, "document", "", "document to write into what came of it; nothing is written if not all tests are run")
	f.StringVar(&o.run, "run", "", "run these tests alone")
	f.StringVar(&o.skip, "skip", "", "do not run these tests, by a regular expression of their names")
	f.BoolVar(&o.only, "build", false, "build the components, and run nothing")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if !patchVersion.MatchString(o.version) {
		return o, fmt.Errorf("version %q is not one of Kubernetes, like v1.34.4: go list -m -versions k8s.io/kubernetes prints those that there are", o.version)
	}
	if _, err := regexp.Compile(o.skip); err != nil {
		return o, fmt.Errorf("-skip: %w", err)
	}
	if o.out == "" {
		return o, errors.New("where to write to is not said: -out")
	}
	var err error
	for _, dir := range []*string{&o.lab, &o.out, &o.document} {
		if *dir == "" {
			continue
		}
		if *dir, err = filepath.Abs(*dir); err != nil {
			return o, err
		}
	}
	return o, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	binary, err := build(ctx, o)
	if err != nil {
		return fmt.Errorf("build the components of %s: %w", o.version, err)
	}
	if o.only {
		return nil
	}
	etcd, err := versionOf(ctx, o, "go.etcd.io/etcd/server/v3")
	if err != nil {
		return err
	}
	all, err := test(ctx, o, binary)
	if err != nil {
		return err
	}
	fmt.Println(all.row(o.version, etcd))
	// A run that was cut short says nothing of the tests that it did not come to.
	if o.document != "" && o.run == "" && len(all.unreached) == 0 {
		if err := write(o.document, o.version, all.row(o.version, etcd)); err != nil {
			return err
		}
	}
	return all.err()
}
