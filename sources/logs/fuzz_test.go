package logs

import (
	"slices"
	"testing"
	"time"
)

// FuzzLines verifies that a line of a log, of a pod or of the journal, is one with a time
// or none, and that a sign of trouble is one of the list.
func FuzzLines(f *testing.F) {
	f.Add("2026-03-01T12:00:00.123456789Z [FATAL] plugin/loop: Loop detected")
	f.Add("Nov  5 11:59:58.250000 n1 kubelet[1]: PLEG is not healthy")
	f.Add("Feb 29 00:00:00.000000 x")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, line string) {
		for _, stamp := range []Stamp{PodStamp, JournalStamp} {
			at, message, ok := stamp(line, now)
			if ok && (at.IsZero() && message == "" || len(message) > len(line)) {
				t.Errorf("%q: %s, %q", line, at, message)
			}
			name := match(Signatures(), message)
			if name != "" && !slices.ContainsFunc(Signatures(), func(s Signature) bool { return s.Name == name }) {
				t.Errorf("%q is called %q", line, name)
			}
		}
	})
}
