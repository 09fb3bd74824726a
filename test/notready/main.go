// Command notready prints how well the causes of nodes that are not ready
// are told, on Ready conditions of public bug reports.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/kubevitals/kubevitals/collectors/nodecause"
)

func main() {
	if err := run(os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "readiness-score:", err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	for _, half := range []string{"seen", "held-back"} {
		reports, err := Load(filepath.Join("collectors", "nodecause", "testdata", "messages-"+half+".yaml"))
		if err != nil {
			return err
		}
		if err := show(out, half+", every report", reports, false); err != nil {
			return err
		}
		if err := show(out, half+", each message with its facts once", reports, true); err != nil {
			return err
		}
	}
	return nil
}

func show(out io.Writer, title string, reports []Report, distinct bool) error {
	tallies, wrong := Score(reports, distinct)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	total := Tally{Cause: "all"}
	_, _ = fmt.Fprintf(table, "%s\n  cause\treports\tgiven\tright\tprecision\trecall\n", title)
	for _, t := range tallies {
		row(table, t)
		total.Expected += t.Expected
		total.Given += t.Given
		total.Right += t.Right
	}
	row(table, total)
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range wrong {
		_, _ = fmt.Fprintf(out, "  wrong: %s instead of %s: %q (%s)\n", nodecause.Classify(r.Facts()), r.Expected, r.Message, r.Source)
	}
	_, err := fmt.Fprintln(out)
	return err
}

func row(out io.Writer, t Tally) {
	_, _ = fmt.Fprintf(out, "  %s\t%d\t%d\t%d\t%s\t%s\n", t.Cause, t.Expected, t.Given, t.Right, share(t.Right, t.Given), share(t.Right, t.Expected))
}

func share(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(part)/float64(whole))
}
