package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/kubevitals/kubevitals/lab/matrix"
)

// runChurn lets all go on that goes on in clusters that are well, and fails where that is
// told of above info.
func runChurn(ctx context.Context, args []string) error {
	o := matrix.Options{Logf: progress}
	var coredns string
	flags := flag.NewFlagSet("churn", flag.ContinueOnError)
	benchFlags(flags, &o, &coredns)
	lasts := flags.Duration("for", 30*time.Minute, "how long it lasts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := place(&o, coredns); err != nil {
		return err
	}
	result, err := matrix.Churn(ctx, o, *lasts)
	_, _ = fmt.Fprintf(os.Stderr, "logs: %s\n", o.Dir)
	if err != nil {
		return err
	}
	fmt.Print(result.Summary())
	if n := len(result.Grave); n > 0 {
		return fmt.Errorf("%d alerts above info fired while nothing was wrong", n)
	}
	return nil
}
