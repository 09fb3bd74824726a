package bounded

// mostRevision is what an etcd with a million writes a second comes to in 285 years. A
// restore may add some thousand million of its own.
const mostRevision = 1 << 53

// Revision tells whether a resource version may be a revision of etcd. One that no etcd
// comes to would make all later ones look old, for ever.
func Revision(r uint64) bool { return r <= mostRevision }
