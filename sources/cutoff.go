package sources

import (
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// cutOffAfter is for how long an API server may answer no read, and nothing move. The
// Leases of the control plane alone are renewed every two seconds.
const cutOffAfter = 10 * time.Second

// cutOff tells whether the API server seems to have lost its etcd, while it goes on to
// serve watches from its cache: these bring bookmarks, but what they vouch for is what
// the cache knew last. One that is only slow brings changes all the same, if only of
// the Leases that are renewed in every cluster.
func (s *Sources) cutOff() error {
	if !s.apiServersWanted {
		return nil
	}
	since, unanswered := s.apiServers.ReadsUnanswered()
	if !unanswered {
		return nil
	}
	return standstill(since, s.progress.Last(), time.Now())
}

// standstill is the error of reads that have been unanswered since some time, while
// something last moved at another.
func standstill(unanswered, moved, now time.Time) error {
	if moved.After(unanswered) {
		unanswered = moved
	}
	if quiet := now.Sub(unanswered); quiet > cutOffAfter {
		return &health.SilentError{What: "read by the API server from etcd, and no change,", For: quiet.Round(time.Second)}
	}
	return nil
}
