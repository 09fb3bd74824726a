package collectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/collectors/inotifyscan"
)

func inotifyFixture() inotifyscan.Scan {
	return inotifyscan.Scan{
		Limit: inotifyscan.Use{Watches: 8192, Instances: 128},
		Holders: map[inotifyscan.Holder]inotifyscan.Use{
			{UID: 0, Command: "kubelet", Slice: inotifyscan.System}:    {Watches: 7000, Instances: 3},
			{UID: 0, Command: "containerd", Slice: inotifyscan.System}: {Watches: 4, Instances: 2},
			{UID: 0, Command: "tail", Slice: inotifyscan.Pods}:         {Watches: 90, Instances: 90},
			{UID: 1000, Command: "node", Slice: inotifyscan.Pods}:      {Watches: 1000, Instances: 4},
			{UID: 1001, Command: "bash", Slice: inotifyscan.Login}:     {Watches: 0, Instances: 1},
		},
		Processes: 2000, Told: true, Took: 80 * time.Millisecond,
	}
}

func TestInotify(t *testing.T) {
	t.Parallel()
	c := inotify{node: "n1", top: 2, scan: func() (inotifyscan.Scan, error) { return inotifyFixture(), nil }}
	golden(t, inotifyName, c, Inotify().Metrics)
}

// TestInotifyIsIncomplete holds that what a scan missed is told, and that nothing
// is claimed of a user of whom nothing was seen.
func TestInotifyIsIncomplete(t *testing.T) {
	t.Parallel()
	c := inotify{node: "n1", top: 2, scan: func() (inotifyscan.Scan, error) {
		return inotifyscan.Scan{Limit: inotifyscan.Use{Watches: 8192, Instances: 128}, Processes: 10, Denied: 1990, CutShort: true}, nil
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
	c := inotify{node: "n1", top: 2, scan: func() (inotifyscan.Scan, error) { return inotifyscan.Scan{}, errors.New("denied") }}
	if text := string(scrapeText(t, inotifyName, c, Inotify().Metrics)); strings.Contains(text, "kubevitals_inotify") {
		t.Error(text)
	}
}

// TestInotifyIsBounded holds that the number of series does not depend on what
// runs on the node.
func TestInotifyIsBounded(t *testing.T) {
	t.Parallel()
	scan := inotifyFixture()
	for i := range 500 {
		scan.Holders[inotifyscan.Holder{UID: uint32(2000 + i), Command: fmt.Sprint("worker-", i), Slice: inotifyscan.Pods}] =
			inotifyscan.Use{Watches: int64(i), Instances: 1}
	}
	c := inotify{node: "n1", top: 5, scan: func() (inotifyscan.Scan, error) { return scan, nil }}
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
