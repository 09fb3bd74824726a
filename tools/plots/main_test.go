package main

import (
	"bytes"
	"strings"
	"testing"
)

const header = "nodes,scrape_ms,resident_mib,peak_mib,series,cpu_seconds_per_minute\n"

// TestDraw verifies that a table becomes a picture with all its panels and numbers.
func TestDraw(t *testing.T) {
	t.Parallel()
	table, err := read(strings.NewReader(header + "500,12,60,65,6000,0.5\n5000,140,180,250,60000,8\n"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := table.draw(&out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"<svg", "Time of a scrape", "Memory, MiB", "Series", "CPU, seconds", "5000", "60000"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in the picture", part)
		}
	}
}

// TestBadTables verifies that errors name what is wrong.
func TestBadTables(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		header: "two points",
		header + "500,x,1,1,1,1\n5000,1,1,1,1,1\n": "line 2, column scrape_ms",
		"nodes\n500\n5000\n":                       "no column scrape_ms",
	} {
		table, err := read(strings.NewReader(text))
		if err == nil {
			err = table.draw(&bytes.Buffer{})
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}
