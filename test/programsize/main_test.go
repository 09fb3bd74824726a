package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestOfItself verifies on the program itself that modules and sections are told.
func TestOfItself(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the program is no ELF file here")
	}
	path := filepath.Join(t.TempDir(), "programsize")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var out bytes.Buffer
	if err := run(path, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Go itself", "section .gopclntab", "MB  others", "MB  all"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestModuleOf(t *testing.T) {
	t.Parallel()
	modules := []string{"example.com/a", "example.com/a/b"}
	for symbol, want := range map[string]string{
		"example.com/a.Run": "example.com/a", "example.com/a/c.(*T).Run": "example.com/a", "example.com/a/b.Run": "example.com/a/b",
		"type:.eq.example.com/a/b.T": "example.com/a/b", "runtime.main": "Go itself",
	} {
		if got := moduleOf(symbol, modules); got != want {
			t.Errorf("%s: %s, want %s", symbol, got, want)
		}
	}
}
