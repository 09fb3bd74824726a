package kubeproxy

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// FuzzLivez verifies that an answer of kube-proxy tells of families that there are, or is
// refused.
func FuzzLivez(f *testing.F) {
	f.Add(livezBody, 503)
	f.Add(`{"currentTime":"2026-11-20T10:05:00Z"}`, 200)
	f.Add(`<html>`, 200)
	f.Fuzz(func(t *testing.T, body string, status int) {
		healthy, err := decodeLivez(strings.NewReader(body), status)
		if (err == nil) == (len(healthy) == 0) {
			t.Errorf("%v, %v", healthy, err)
		}
		for family := range maps.Keys(healthy) {
			if family != All && !slices.Contains(families(), family) {
				t.Errorf("family %q", family)
			}
		}
	})
}
