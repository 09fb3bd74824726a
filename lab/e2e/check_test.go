package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (l *lab) live() []string {
	return []string{"--kubeconfig=" + l.kubeconfig, "--kubelet.ca-file=" + l.KubeletCAFile()}
}

// findings runs check and returns alerts with their labels.
func findings(t *testing.T, args ...string) []string {
	t.Helper()
	v, err := check(t.Context(), nil, args...)
	if err != nil || v.code > foundSome {
		t.Fatalf("exit code %d, %v", v.code, err)
	}
	return v.found()
}

// TestCheckAndSnapshotNameTheCause fills the disk of a node, and looks at the
// cluster before, meanwhile, and in a snapshot of that moment.
func TestCheckAndSnapshotNameTheCause(t *testing.T) {
	kubelet := shared.Kubelets()[2]
	only := []string{"--only=node_disk", "--only=node_readiness", "--only=apiserver", "--only=watch_streams"}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.withoutDiskPressure(kubelet.Name)
	})
	args := slices.Concat([]string{"check", "--window=2s"}, only, shared.live())
	code, stdout, stderr, err := once(t.Context(), nil, args...)
	if err != nil || code != 0 || !strings.Contains(stdout, "All clear") {
		t.Errorf("while all is well: exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}

	fillDisk(t, kubelet)
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		return s.want(1, "node_disk_pressure", "node", kubelet.Name)
	})
	live, snapshot := sameMoment(t)
	if want := fmt.Sprint("KubeVitalsNodeDiskPressure", map[string]string{"cluster": "kubernetes", "node": kubelet.Name}); !slices.Contains(live, want) {
		t.Errorf("the full disk is not named in %v", live)
	}
	if diff := cmp.Diff(live, snapshot); diff != "" {
		t.Errorf("other findings from the snapshot (-live +snapshot):\n%s", diff)
	}
	freeDisk(t, kubelet)
}

// sameMoment returns what is found in the cluster and in a snapshot of it, while
// nothing changes: what is found live is the same before and after.
func sameMoment(t *testing.T) (live, snapshot []string) {
	t.Helper()
	live = findings(t, shared.live()...)
	for range 5 {
		dir := filepath.Join(t.TempDir(), "snapshot")
		code, _, stderr, err := once(t.Context(), nil, append([]string{"snapshot", dir, "--window=2s"}, shared.live()...)...)
		if err != nil || code != 0 {
			t.Fatalf("snapshot: exit code %d, %v\n%s", code, err, stderr)
		}
		before := live
		if live = findings(t, shared.live()...); slices.Equal(before, live) {
			return live, findings(t, "--snapshot="+dir)
		}
	}
	t.Fatal("what is found live changes all the time")
	return nil, nil
}
