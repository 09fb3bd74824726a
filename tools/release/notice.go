package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// notice is a text with the licences of all modules: a table, and then the texts.
func notice(modules []component) []byte {
	var b bytes.Buffer
	b.WriteString("kubevitals is under the Apache License 2.0. The program holds code of these modules.\n\n")
	table(&b, modules)
	for _, m := range modules {
		for _, name := range slices.Sorted(maps.Keys(m.texts)) {
			fmt.Fprintf(&b, "\n%s\n%s %s: %s\n%s\n\n", strings.Repeat("=", 80), m.path, m.version, name, strings.Repeat("=", 80))
			b.Write(bytes.TrimSpace(m.texts[name]))
			b.WriteString("\n")
		}
	}
	return b.Bytes()
}

// table lists modules with their licences; writing into memory does not fail.
func table(w io.Writer, modules []component) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range modules {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\n", strings.Join(m.licenses, " AND "), m.path, m.version)
	}
	_ = t.Flush()
}

// printLicenses prints the licences of what is in the programs of all platforms.
func (r *release) printLicenses(ctx context.Context) error {
	var all []component
	for _, p := range r.platforms {
		modules, err := r.modules(ctx, p)
		if err != nil {
			return err
		}
		for _, m := range modules {
			if !slices.ContainsFunc(all, func(o component) bool { return o.path == m.path }) {
				all = append(all, m)
			}
		}
	}
	slices.SortFunc(all, func(a, b component) int { return strings.Compare(a.path, b.path) })
	table(r.stdout, all)
	return nil
}
