package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type panel struct {
	Type, Title string
	Targets     []struct{ Expr string }
	// Panels are those of a row that is collapsed.
	Panels []panel
}

// emptyPanelsError is the number of panels that should show data and do not.
type emptyPanelsError int

func (e emptyPanelsError) Error() string { return fmt.Sprintf("%d panels without data", int(e)) }

// panels evaluates every panel of the dashboards in the folder.
func (s *samples) panels(ctx context.Context, folder string, mayBeEmpty []string, out io.Writer) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no dashboards in %s: %w", folder, err)
	}
	panels, empty := 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var d struct{ Panels []panel }
		if err := json.Unmarshal(text, &d); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, p := range opened(d.Panels) {
			panels++
			found, err := s.panel(ctx, p)
			if err != nil {
				return fmt.Errorf("%s, panel %q: %w", file, p.Title, err)
			}
			if found == 0 && !slices.Contains(mayBeEmpty, p.Title) {
				empty++
				_, _ = fmt.Fprintf(out, "no data: %s, panel %q\n", filepath.Base(file), p.Title)
			}
		}
	}
	_, _ = fmt.Fprintf(out, "%d series, %d panels, %d without data\n", s.series, panels, empty)
	if empty > 0 {
		return emptyPanelsError(empty)
	}
	return nil
}

// opened returns the panels without their rows, and with those of rows that are collapsed.
func opened(panels []panel) []panel {
	var all []panel
	for _, p := range panels {
		if p.Type == "row" {
			all = append(all, p.Panels...)
		} else {
			all = append(all, p)
		}
	}
	return all
}

// panel returns how many series the panel's targets come to.
func (s *samples) panel(ctx context.Context, p panel) (int, error) {
	fill := strings.NewReplacer("$cluster", cluster, "$node", ".*", "$__rate_interval", "1m")
	found := 0
	for _, t := range p.Targets {
		vector, err := s.query(ctx, fill.Replace(t.Expr))
		if err != nil {
			return 0, err
		}
		found += len(vector)
	}
	return found, nil
}
