// Command fuzz runs each fuzz target of the tree for a while, one after the other: go
// test runs one of one package at a time.
package main

import (
	"context"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// target is one fuzz target.
type target struct {
	// dir is its package's, from the root of the tree.
	dir, name string
	// doc is the first sentence of its comment.
	doc string
}

func main() {
	each := flag.Duration("time", time.Minute, "how long to run each target")
	only := flag.String("only", "", "run only targets whose package or name contains this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *each, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, each time.Duration, only string) error {
	targets, err := find(".")
	if err != nil {
		return err
	}
	var failed []string
	for _, t := range targets {
		name := t.dir + " " + t.name
		if !strings.Contains(name, only) {
			continue
		}
		fmt.Println("==", name)
		//nolint:gosec // the names are those of this tree
		command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", each.String(), "-fuzzminimizetime", "1s", "./"+t.dir)
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		if command.Run() != nil {
			failed = append(failed, name)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d targets found something: %s", len(failed), strings.Join(failed, ", "))
	}
	return nil
}

// find returns the targets below a folder, by package and name. Modules within it are
// not looked into.
func find(root string) ([]target, error) {
	var targets []target
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			_, err := os.Stat(filepath.Join(root, name, "go.mod"))
			if name != "." && (err == nil || strings.HasPrefix(path.Base(name), ".")) {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		own, err := targetsOf(filepath.Join(root, name), path.Dir(name))
		targets = append(targets, own...)
		return err
	})
	slices.SortFunc(targets, func(a, b target) int { return strings.Compare(a.dir+" "+a.name, b.dir+" "+b.name) })
	return targets, err
}

// targetsOf returns the targets in a file.
func targetsOf(file, dir string) ([]target, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var targets []target
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Fuzz") || len(f.Type.Params.List) != 1 {
			continue
		}
		doc, _, _ := strings.Cut(strings.ReplaceAll(f.Doc.Text(), "\n", " "), ". ")
		doc = strings.TrimRight(strings.TrimPrefix(doc, f.Name.Name+" "), ". ")
		targets = append(targets, target{dir, f.Name.Name, doc})
	}
	return targets, nil
}

// table lists targets in Markdown.
func table(targets []target) string {
	var b strings.Builder
	b.WriteString("| target | what it does |\n| --- | --- |\n")
	for _, t := range targets {
		fmt.Fprintf(&b, "| `%s` %s | %s |\n", t.dir, t.name, t.doc)
	}
	return b.String()
}
