// Command render writes the objects of each case of the Helm chart into a file of its
// own, for tests that give them to an API server.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubevitals/kubevitals/tools/chart"
)

func main() {
	folder := flag.String("chart", "../../deploy/chart", "folder of the chart")
	out := flag.String("out", "", "folder to write to; files of cases that are no more are removed from it")
	flag.Parse()
	if err := run(*folder, *out); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func run(folder, out string) error {
	c, err := chart.Load(folder)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(out, "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, one := range chart.Cases() {
		documents, _, err := one.Render(c)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, one.Name+".yaml"), []byte("---\n"+strings.Join(documents, "\n---\n")), 0o644); err != nil {
			return err
		}
	}
	return nil
}
