package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/kubevitals/kubevitals/lab/faults"
)

const faultUsage = `usage: kubevitals-lab fault list
       kubevitals-lab fault inject NAME
       kubevitals-lab fault heal NAME

Makes a lab ill that kubevitals-lab up has started, and well again.
`

// fault talks to a lab of another process.
func fault(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("fault", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder of the lab (default: that of the only one that runs)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	verb, name := flags.Arg(0), flags.Arg(1)
	if verb == "list" && name == "" {
		return listFaults(ctx, *dir)
	}
	if (verb != "inject" && verb != "heal") || name == "" || flags.NArg() > 2 {
		return errors.New(strings.TrimSpace(faultUsage))
	}
	r, err := faults.Connect(ctx, *dir)
	if err != nil {
		return err
	}
	if verb == "heal" {
		return r.Heal(ctx, name)
	}
	return r.Inject(ctx, name)
}

// listFaults marks those that are injected, if there is a lab.
func listFaults(ctx context.Context, dir string) error {
	var injected []string
	if r, err := faults.Connect(ctx, dir); err == nil {
		if injected, err = r.Injected(ctx); err != nil {
			return err
		}
	}
	fmt.Print(faults.List(injected))
	return nil
}
