package collectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/host/inotify"
)

func inotifyFixture() inotify.Scan {
	return inotify.Scan{
		Limit: inotify.Use{Watches: 8192, Instances: 128},
		Holders: map[inotify.Holder]inotify.Use{
			{UID: 0, Command: "kubelet", Slice: inotify.System}:    {Watches: 7000, Instances: 3},
			{UID: 0, Command: "containerd", Slice: inotify.System}: {Watches: 4, Instances: 2},
			{UID: 0, Command: "tail", Slice: inotify.Pods}:         {Watches: 90, Instances: 90},
			{UID: 1000, Command: "node", Slice: inotify.Pods}:      {Watches: 1000, Instances: 4},
			{UID: 1001, Command: "bash", Slice: inotify.Login}:     {Watches: 0, Instances: 1},
		},
		Processes: 2000, Told: true, Took: 80 * time.Millisecond,
	}
}

func TestInotify(t *testing.T) {
	t.Parallel()
	c := inotifyCollector{node: "n1", top: 2, scan: func() (inotify.Scan, error) { return inotifyFixture(), nil }}
	golden(t, inotifyName, c, Inotify().Metrics)
}

// TestInotifyIsIncomplete verifies that what a scan missed is told, and that nothing
// is claimed of a user of whom nothing was seen.
func TestInotifyIsIncomplete(t *testing.T) {
	t.Parallel()
	c := inotifyCollector{node: "n1", top: 2, scan: func() (inotify.Scan, error) {
		return inotify.Scan{Limit: inotify.Use{Watches: 8192, Instances: 128}, Processes: 10, Denied: 1990, CutShort: true}, nil
	}}
	text := string(scrapeText(t, inotifyName, c, Inotify().Metrics))
	for _, want := range []string{
		`scan_complete{node="n1"} 0`, `scan_unread_processes{node="n1",reason="denied"} 1990`, `scan_cut_short{node="n1"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "inotify_used") {
		t.Errorf("nothing was seen of root, and it counts as healthy:\n%s", text)
	}
}

func TestInotifyIsAbsentWhileBlind(t *testing.T) {
	t.Parallel()
	c := inotifyCollector{node: "n1", top: 2, scan: func() (inotify.Scan, error) { return inotify.Scan{}, errors.New("denied") }}
	if text := string(scrapeText(t, inotifyName, c, Inotify().Metrics)); strings.Contains(text, "kubevitals_inotify") {
		t.Error(text)
	}
}

// TestInotifyIsBounded verifies that the number of series does not depend on what
// runs on the node.
func TestInotifyIsBounded(t *testing.T) {
	t.Parallel()
	scan := inotifyFixture()
	for i := range 500 {
		scan.Holders[inotify.Holder{UID: uint32(2000 + i), Command: fmt.Sprint("worker-", i), Slice: inotify.Pods}] =
			inotify.Use{Watches: int64(i), Instances: 1}
	}
	c := inotifyCollector{node: "n1", top: 5, scan: func() (inotify.Scan, error) { return scan, nil }}
	text := string(scrapeText(t, inotifyName, c, Inotify().Metrics))
	// Ten users at most and root with two resources each, five commands for each
	// resource, two limits, and seven that tell of the scan.
	if n := strings.Count(text, "\nkubevitals_inotify"); n > 2*11+2*5+2+7 {
		t.Errorf("%d series", n)
	}
	if !strings.Contains(text, `used{node="n1",resource="watches",uid="0"} 7094`) {
		t.Errorf("root is not among the users:\n%s", text)
	}
}
