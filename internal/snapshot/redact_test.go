package snapshot_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// originals are names of the demonstration that must not be in a redacted
// snapshot, and hosts of it.
func originals() *regexp.Regexp {
	names := []string{
		"cp-[123]", "worker-[123]", "batch-1", "edge-1", "shop", "reports",
		"queue-0", "import-7c9d8-xk2lp", "web-6f5b4-q8zrt", "kube-proxy-[a-z]+-[0-9]", "php-apache",
		`127\.0\.0\.1`,
	}
	return regexp.MustCompile(`(^|[^0-9A-Za-z-])(` + strings.Join(names, "|") + `)([^0-9A-Za-z-]|$)`)
}

// TestRedactedNames verifies that a redacted snapshot has no original name in it,
// and the same findings but for names.
func TestRedactedNames(t *testing.T) {
	t.Parallel()
	dir, live, _ := record(t, true)
	files := 0
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		if rel, _ := filepath.Rel(dir, name); originals().MatchString(rel) {
			t.Errorf("name of the file %s", rel)
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(raw))
			if err != nil {
				return err
			}
			if raw, err = io.ReadAll(z); err != nil {
				return err
			}
		}
		for _, found := range slices.Compact(originals().FindAllString(string(raw), 5)) {
			t.Errorf("%s: holds %q", strings.TrimPrefix(name, dir), found)
		}
		return nil
	})
	if err != nil || files < 30 {
		t.Fatalf("%d files: %v", files, err)
	}
	got, _, _ := replay(t, dir, `kubevitals_kubelet_available{endpoint=configz,node=node-1,reason=available}`)
	want, have := shapes(live), shapes(got)
	for shape, n := range want {
		// A machine that stalls for long makes heartbeats overdue in one look and not the other.
		if have[shape] != n && !strings.HasPrefix(shape, "kubevitals_node_readiness_lease_overdue") {
			t.Errorf("%s: %d samples, want %d", shape, have[shape], n)
		}
	}
}

// shapes counts samples by what is left of them without names.
func shapes(samples map[string]float64) map[string]int {
	names := regexp.MustCompile(`\b(node|server|hostname|namespace|name|horizontalpodautoscaler|metric|backend|scheduler)=[^,}]+`)
	counts := map[string]int{}
	for sample := range samples {
		if ofItsMoment(sample) || strings.Contains(sample, "body_bytes") {
			continue
		}
		counts[names.ReplaceAllString(sample, "$1=*")]++
	}
	return counts
}
