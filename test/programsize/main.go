// Command programsize says what makes a program large: the bytes of code and data in its
// file, by module. The program must have its symbols.
package main

import (
	"cmp"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// named is how many modules are named.
const named = 12

func main() {
	if len(os.Args) != 2 {
		_, _ = fmt.Fprintln(os.Stderr, "usage: programsize FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "programsize: %v\n", err)
		os.Exit(1)
	}
}

func run(path string, w io.Writer) error {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return err
	}
	modules := []string{info.Main.Path}
	for _, m := range info.Deps {
		modules = append(modules, m.Path)
	}
	file, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer func() { _ = file.Close() }()
	symbols, err := file.Symbols()
	if err != nil {
		return fmt.Errorf("%s: %w: build it without -s", path, err)
	}
	return write(w, sizes(file, symbols, modules))
}

// sizes are the bytes in the file by module. What belongs to no function or variable, such
// as the table of lines and the descriptions of types, is by section.
func sizes(file *elf.File, symbols []elf.Symbol, modules []string) map[string]uint64 {
	all := map[string]uint64{}
	rest := map[elf.SectionIndex]uint64{}
	for i, s := range file.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS {
			rest[elf.SectionIndex(i)] = s.FileSize //nolint:gosec // a file has few sections
		}
	}
	for _, s := range symbols {
		// Symbols like runtime.text span what others hold.
		if kind := elf.ST_TYPE(s.Info); rest[s.Section] < s.Size || kind != elf.STT_FUNC && kind != elf.STT_OBJECT || strings.HasPrefix(s.Name, "runtime.e") || strings.HasPrefix(s.Name, "type:*") || strings.HasPrefix(s.Name, "go:func.*") {
			continue
		}
		all[moduleOf(s.Name, modules)] += s.Size
		rest[s.Section] -= s.Size
	}
	for i, size := range rest {
		all["section "+file.Sections[i].Name] += size
	}
	return all
}

// moduleOf is the module of a symbol.
func moduleOf(symbol string, modules []string) string {
	found := "Go itself"
	for _, m := range modules {
		if strings.Contains(symbol, m+"/") || strings.Contains(symbol, m+".") {
			if found == "Go itself" || len(m) > len(found) {
				found = m
			}
		}
	}
	return found
}

func write(w io.Writer, all map[string]uint64) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	var sum, others uint64
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Compare(all[b], all[a]) })
	for i, name := range names {
		sum += all[name]
		if i >= named {
			others += all[name]
			continue
		}
		_, _ = fmt.Fprintf(t, "%.1f MB\t  %s\n", float64(all[name])/1e6, name)
	}
	_, _ = fmt.Fprintf(t, "%.1f MB\t  others\n%.1f MB\t  all\n", float64(others)/1e6, float64(sum)/1e6)
	return t.Flush()
}
