package pods

// flags are yes or no, one bit each, and above them what a pod was evicted for.
type flags uint8

const (
	isTerminating flags = 1 << iota
	// hasFinalizers says that somebody must act before the pod can go.
	hasFinalizers
	// containerRuns says that its kubelet holds the pod, whoever else does.
	containerRuns
	// inRound tells the pods of the latest list from those that it left out.
	inRound
	// From here on stands what it was evicted for.
	evictedShift = 4
)

// eviction is what stands in flags.
func (f flags) eviction() Eviction { return Eviction(f >> evictedShift) }
