package oneshot

import "github.com/kubevitals/kubevitals/internal/garbage"

// CollectRarely makes garbage be collected less often, unless $GOGC says how often,
// and returns what undoes it. A check is over before most of it matters; it saved a
// third of the CPU time at 5,000 nodes and took some 50 MiB. Of a cluster or a dump that
// is larger than any should be there is the more garbage the more is in use, so that is
// bounded, too.
func CollectRarely() (undo func()) {
	return garbage.Policy{Percent: 300, Most: 192 << 20, Least: 25}.Follow()
}
