package logs

import "strings"

// Signature is a sign of trouble that is known.
type Signature struct {
	// Name is what the metrics call it.
	Name string
	// All are the pieces that a line holds, in any case of letters.
	All []string
}

// Signatures returns all signatures. Of those that fit a line the first one
// counts, so the more exact ones come first.
func Signatures() []Signature {
	return []Signature{
		{"dns_loop", []string{"plugin/loop", "detected"}},
		{"dns_forward_timeout", []string{"plugin/errors", "i/o timeout"}},
		{"dns_forward_timeout", []string{"failure to forward request", "i/o timeout"}},
		{"etcd_no_space", []string{"database space exceeded"}},
		{"certificate_expired", []string{"x509", "expired"}},
		{"apiserver_unreachable", []string{"failed to list", "i/o timeout"}},
		{"apiserver_unreachable", []string{"failed to list", "connection refused"}},
		{"apiserver_unreachable", []string{"failed to list", "no route to host"}},
		{"conntrack_missing", []string{"conntrack", "executable file not found"}},
		{"qos_containers", []string{"failed to initialize top level qos containers"}},
		{"qos_containers", []string{"failed to initialise top level qos containers"}},
		{"node_allocatable", []string{"failed to update node allocatable limits"}},
		{"update_conflict", []string{"operation cannot be fulfilled on", "the object has been modified"}},
		{"pleg_unhealthy", []string{"pleg is not healthy"}},
		{"inotify_exhausted", []string{"inotify", "no space left on device"}},
		{"inotify_exhausted", []string{"inotify", "too many open files"}},
		{"inotify_exhausted", []string{"/sys/fs/cgroup", "no space left on device"}},
		{"too_many_open_files", []string{"too many open files"}},
	}
}

// match returns the name of the signature that fits the line, or "".
func match(signatures []Signature, line string) string {
	line = strings.ToLower(line)
next:
	for _, s := range signatures {
		for _, piece := range s.All {
			if !strings.Contains(line, piece) {
				continue next
			}
		}
		return s.Name
	}
	return ""
}
