package mixin_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// tooExact is a number as a program writes one that was meant to be 0.8.
var tooExact = regexp.MustCompile(`\b[0-9]+\.[0-9]{7,}`)

// TestNumbersAreAsPeopleWriteThem verifies that no generated file has a number with
// more decimals than any setting has.
func TestNumbersAreAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	files := 0
	for _, dir := range []string{"generated", "../dashboards/generated", "../deploy"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			for _, number := range tooExact.FindAll(text, 3) {
				t.Errorf("%s has the number %s", path, number)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 5 {
		t.Errorf("looked at %d files", files)
	}
}
