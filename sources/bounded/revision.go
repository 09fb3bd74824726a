package bounded

const (
	// mostRevision is above the present in nanoseconds until the year 2116.
	mostRevision = 1 << 62
	// mostCounted is what a store with a thousand writes a second comes to in 35 years.
	// A restore may add some thousand million of its own.
	mostCounted = 1 << 40
)

// Revision tells whether a resource version may be one of a store. One that none comes to
// would make all later ones look old, for ever.
func Revision(r uint64) bool { return r <= mostRevision }

// Timed tells whether a resource version is the time of a write, and not a count of
// writes. etcd counts; the stores of GKE and of distributed databases have times, some in
// nanoseconds.
func Timed(r uint64) bool { return r > mostCounted }
