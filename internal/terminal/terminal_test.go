package terminal_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/kubevitals/kubevitals/internal/terminal"
)

// TestStatusLine verifies that what is written stays whole beside the line, and that
// nothing of the line is left.
func TestStatusLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := terminal.NewStatusLine(&out, true)
	wantScreen := func(want string) {
		t.Helper()
		if got := terminal.Screen(out.String()); got != want {
			t.Errorf("the terminal shows %q, want %q", got, want)
		}
	}
	l.Show("Reading: 3 of 17 sources")
	wantScreen("Reading: 3 of 17 sources")
	_, _ = fmt.Fprintln(l, "an error")
	wantScreen("an error\nReading: 3 of 17 sources")
	l.Show("Reading: 17 of 17")
	wantScreen("an error\nReading: 17 of 17")
	l.Clear()
	_, _ = fmt.Fprintln(l, "another")
	wantScreen("an error\nanother\n")
}

// TestNoLineInAFile verifies that what is no terminal gets no line and no control.
func TestNoLineInAFile(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if terminal.Interactive(file) || terminal.Coloured(file) || terminal.Interactive(&bytes.Buffer{}) {
		t.Error("a file is taken for a terminal")
	}
	var out bytes.Buffer
	l := terminal.NewStatusLine(&out, false)
	l.Show("Reading")
	_, _ = fmt.Fprintln(l, "an error")
	l.Clear()
	if out.String() != "an error\n" {
		t.Errorf("a file gets %q", out.String())
	}
}
