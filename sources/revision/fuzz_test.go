package revision

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad verifies that a state file of whatever content is taken or set aside, and
// that one which is taken is one that could have been saved.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"store":"a","mark":7,"rewoundAt":"2026-03-01T12:00:00Z"}`))
	f.Add([]byte(`{"mark":18446744073709551615}`))
	f.Add([]byte(`{"rewoundAt":"2200-01-01T00:00:00Z"}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "mark")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		tracker := New()
		err := tracker.Load(file)
		_, aside := os.Stat(file + damagedSuffix)
		if (err == nil) == (aside == nil) {
			t.Fatalf("loaded: %v, set aside: %v", err, aside)
		}
		if err != nil {
			return
		}
		if err := tracker.Save(file); err != nil {
			t.Fatal(err)
		}
		again := New()
		if err := again.Load(file); err != nil || again.saved.Mark != tracker.saved.Mark || !again.saved.RewoundAt.Equal(tracker.saved.RewoundAt) {
			t.Errorf("%+v was saved and loaded as %+v, %v", tracker.saved, again.saved, err)
		}
	})
}
