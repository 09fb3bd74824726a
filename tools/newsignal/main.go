// Command newsignal writes the files of a new failure mode, as CONTRIBUTING.md
// describes them, and lists it with the others:
//
//	make new-signal NAME=stuck_jobs AREA=workloads
//
// The files hold an example that works, in which all that is yours to write is
// marked. Tests refuse the marks, so that none is forgotten.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	root := flag.String("root", ".", "folder of the repository")
	name := flag.String("name", "", "name of the failure mode, such as stuck_jobs")
	area := flag.String("area", "workloads", "dashboard that its panels are on, such as nodes")
	flag.Parse()
	files, err := scaffold(*root, *name, *area)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "new-signal:", err)
		os.Exit(1)
	}
	for _, f := range files {
		fmt.Println("wrote", f)
	}
	fmt.Printf("listed %s in %s and %s\n\nReplace what is marked TODO, then run: make update\n", *name, catalogue, signals)
}
