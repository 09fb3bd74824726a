package fresh_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/test/fresh"
)

// told is a test that keeps what it is told.
type told struct {
	testing.TB

	text string
}

func (t *told) Helper() {}

func (t *told) Errorf(format string, args ...any) { t.text += fmt.Sprintf(format, args...) }

func TestFile(t *testing.T) {
	t.Parallel()
	if fresh.Update() {
		t.Skip("files are written, and nothing differs")
	}
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	same, other := &told{TB: t}, &told{TB: t}
	fresh.File(same, file, []byte("one\ntwo\n"))
	fresh.File(other, file, []byte("one\nthree\n"))
	if same.text != "" || !strings.Contains(other.text, "is out of date") || !strings.Contains(other.text, "three") {
		t.Errorf("of the same: %q; of another: %q", same.text, other.text)
	}
}
