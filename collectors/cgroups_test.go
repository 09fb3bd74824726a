package collectors

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/host/cgroups"
)

func TestCgroups(t *testing.T) {
	t.Parallel()
	c := cgroupsCollector{node: "n1", count: func() (cgroups.Count, error) {
		return cgroups.Count{
			Version: 2,
			Held:    map[string]int64{cgroups.All: 3520, "memory": 3517, "cpu": 90},
			Dying:   map[string]int64{cgroups.All: 3400, "memory": 3399, "cpu": 0},
			Limit:   map[string]int64{"memory": cgroups.MemoryIDs},
			Folders: map[cgroups.Kind]cgroups.Folders{
				cgroups.Pods: {Populated: 80, Empty: 2}, cgroups.Scopes: {Populated: 1, Empty: 12},
				cgroups.Services: {Populated: 20}, cgroups.Others: {Populated: 4, Empty: 1},
			},
			Took: 3 * time.Millisecond,
		}, nil
	}}
	golden(t, cgroupsName, c, Cgroups().Metrics)
}

// TestCgroupsCutShort verifies that folders that were not all counted are not told.
func TestCgroupsCutShort(t *testing.T) {
	t.Parallel()
	c := cgroupsCollector{node: "n1", count: func() (cgroups.Count, error) {
		return cgroups.Count{Version: 1, Held: map[string]int64{"memory": 60000, "cpu": 90}, Limit: map[string]int64{"memory": 65535}, CutShort: true}, nil
	}}
	text := string(scrapeText(t, cgroupsName, c, Cgroups().Metrics))
	if strings.Contains(text, "cgroups_folders") || strings.Contains(text, "cgroups_dying") || strings.Contains(text, "cpu") ||
		!strings.Contains(text, `held{controller="memory",node="n1"} 60000`) || !strings.Contains(text, `complete{node="n1"} 0`) {
		t.Error(text)
	}
}

func TestCgroupsAreAbsentWhileBlind(t *testing.T) {
	t.Parallel()
	c := cgroupsCollector{node: "n1", count: func() (cgroups.Count, error) { return cgroups.Count{}, errors.New("not mounted") }}
	if text := string(scrapeText(t, cgroupsName, c, Cgroups().Metrics)); strings.Contains(text, "kubevitals_cgroups") {
		t.Error(text)
	}
}
