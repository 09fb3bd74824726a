// Command mixincheck evaluates the mixin with Prometheus' own engine over
// samples scraped from a running kubevitals.
//
//	mixincheck panels -scrape FILE   fails when a panel that should show data shows none
//	mixincheck alerts -scrape FILE   prints the alerts whose expressions hold, one JSON object a line
//
// With -stays the expressions are evaluated as if everything had stayed as it is
// for so long: what a timestamp tells grows old, and nothing else changes.
//
// It exits with 1 when a panel is empty, and with 2 when it could not tell.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "mixincheck:", err)
		if _, empty := errors.AsType[emptyPanelsError](err); empty {
			os.Exit(1)
		}
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("give a mode: panels or alerts")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	scrape := flags.String("scrape", "", "file with a scrape of /metrics")
	var agents list
	flags.Var(&agents, "node-scrape", "file with a scrape of an agent on a node; repeatable")
	dashboards := flags.String("dashboards", "dashboards/generated", "folder with the dashboards")
	mayBeEmpty := flags.String("may-be-empty", "", "titles of panels that show only what is wrong, separated by |")
	rules := flags.String("rules", "mixin/generated/alerts-each.yaml", "file with the alerting rules")
	stays := flags.Duration("stays", 0, "how long everything stays as it is")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	s, err := load(ctx, *scrape, agents, time.Now().Add(*stays), *stays+history)
	if err != nil {
		return err
	}
	defer s.close()
	switch args[0] {
	case "panels":
		return s.panels(ctx, *dashboards, strings.Split(*mayBeEmpty, "|"), out)
	case "alerts":
		return s.alerts(ctx, *rules, out)
	}
	return fmt.Errorf("unknown mode %q: give panels or alerts", args[0])
}
