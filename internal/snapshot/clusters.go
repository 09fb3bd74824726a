package snapshot

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// life is what of one object says how long it was there, and where that stands.
type life struct {
	// until is the latest time in it; zero if it has none.
	until time.Time
	file  string
}

// oneCluster returns an error that names an object which is there with two uids at once:
// an object that was replaced ends before the other begins, and so these are of two
// clusters, of which no mixture is true. Times are by several clocks, so that lives that
// overlap by little prove nothing.
func (s *Snapshot) oneCluster(lives []life) error {
	first := make(map[identity]int, len(s.Objects))
	var found error
	more := 0
	for n, obj := range s.Objects {
		b, err := meta.Accessor(obj)
		if err != nil || b.GetUID() == "" {
			continue
		}
		i := identityOf(obj, b)
		k, again := first[i]
		if !again {
			first[i] = n
			continue
		}
		a, err := meta.Accessor(s.Objects[k])
		if err != nil || a.GetUID() == b.GetUID() || overlap(a, b, lives[k], lives[n]) <= believed {
			continue
		}
		if more++; found == nil {
			found = fmt.Errorf("%s has the uid %s in %s and the uid %s in %s, and both were there at once", i, a.GetUID(), lives[k].file, b.GetUID(), lives[n].file)
		}
	}
	if more > 1 {
		found = fmt.Errorf("%w; so it is with %d more", found, more-1)
	}
	if found != nil {
		return fmt.Errorf("%s: holds objects of two clusters, or of one that was made anew: %w; give the files of each apart", s.Path, found)
	}
	return nil
}

// overlap is how long two objects were there at once; negative if one came after the other.
func overlap(a, b metav1.Object, of, with life) time.Duration {
	begin, other, end := a.GetCreationTimestamp().Time, b.GetCreationTimestamp().Time, of.until
	if begin.IsZero() || other.IsZero() {
		return 0
	}
	if other.After(begin) {
		begin = other
	}
	if with.until.Before(end) {
		end = with.until
	}
	return end.Sub(begin)
}
