// Command peer lets popeye look at the cases, and writes down of which ill ones it says
// what a right answer does.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/test/cases"
)

func main() {
	binary := flag.String("binary", filepath.Join("bin", "popeye"), "popeye")
	folder := flag.String("cases", "cases", "folder of the cases")
	record := flag.String("record", "", "file to write the result to")
	flag.Usage = func() {
		_, _ = fmt.Fprintln(flag.CommandLine.Output(), "usage: peer [flags] [CASE ...]\nLets popeye look at the cases, and prints what of its findings counts for those that are named.")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *binary, *folder, *record, flag.Args())
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, binary, folder, record string, names []string) error {
	all, err := cases.Load(folder)
	if err != nil {
		return err
	}
	p, err := newPeer(ctx, binary)
	if err != nil {
		return err
	}
	defer p.close()
	result := cases.Peer{Name: "popeye", Named: map[string]bool{}}
	if result.Version, err = p.version(ctx); err != nil {
		return err
	}
	findings := make([][]finding, len(all))
	for i, c := range all {
		// Those that are healthy tell what it says of any.
		if !c.Healthy && len(names) > 0 && !slices.Contains(names, c.Name) {
			continue
		}
		if findings[i], err = p.ask(ctx, c.Dump); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	usual := usualOf(all, findings)
	for i, c := range all {
		if len(names) > 0 && !slices.Contains(names, c.Name) {
			continue
		}
		text := without(findings[i], usual)
		if len(names) > 0 {
			_, _ = fmt.Fprint(out, text)
		}
		if c.Healthy {
			_, _ = fmt.Fprintf(out, "clear: %-5t  %s\n", text == "", c.Name)
			continue
		}
		unsaid := c.Unsaid(text)
		result.Named[c.Name] = len(unsaid) == 0
		_, _ = fmt.Fprintf(out, "names: %-5t  %s  %s\n", len(unsaid) == 0, c.Name, strings.Join(unsaid, "; "))
	}
	_, _ = fmt.Fprintf(out, "%s\nleft out, as it says them of most healthy clusters: %s\n", result, strings.Join(usual, ", "))
	if record == "" {
		return nil
	}
	return result.Write(record)
}

// usualOf are the codes of what is found in more than half of the healthy clusters: what
// is said of any tells nothing of an ill one.
func usualOf(all []cases.Case, findings [][]finding) []string {
	clusters := map[string]int{}
	healthy := 0
	for i, c := range all {
		if !c.Healthy {
			continue
		}
		healthy++
		codes := map[string]bool{}
		for _, f := range findings[i] {
			codes[f.code] = true
		}
		for code := range codes {
			clusters[code]++
		}
	}
	var usual []string
	for code, n := range clusters {
		if 2*n > healthy {
			usual = append(usual, code)
		}
	}
	slices.Sort(usual)
	return usual
}

// without is the text of the findings of other codes, a line for each.
func without(findings []finding, codes []string) string {
	var b strings.Builder
	for _, f := range findings {
		if !slices.Contains(codes, f.code) {
			b.WriteString(f.text + "\n")
		}
	}
	return b.String()
}
