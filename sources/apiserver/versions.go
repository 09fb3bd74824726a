package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/revision"
)

// notOlderTimeout bounds a read at a given version: an API server waits 3 s for
// its cache to get there before it refuses.
const notOlderTimeout = 6 * time.Second

// versions is what WantVersions asked for.
type versions struct {
	tracker *revision.Tracker
	// report is told what came of the read from a server's cache.
	report func(server string, err error)
}

// WantVersions makes every write probe tell the tracker of the resource versions
// that it and the watch cache of its API server show. Without write probes there
// is nothing to tell. report is called with what the reads came to, as far as
// they were answered.
func (p *Prober) WantVersions(tracker *revision.Tracker, report func(server string, err error)) {
	p.versions.Store(&versions{tracker, report})
}

// VersionsAge is how old the last word on an API server's versions may be.
func (p *Prober) VersionsAge() time.Duration {
	return p.options.WriteInterval + 2*p.options.Timeout + notOlderTimeout
}

// before makes the readings that must precede a write.
func (v *versions) before(ctx context.Context, i *instance, path string) revision.Observation {
	o := revision.Observation{Server: i.server, Mark: v.tracker.Mark()}
	if o.Mark > 0 {
		limited, cancel := context.WithTimeout(ctx, notOlderTimeout)
		a := i.get(limited, fmt.Sprintf("%s?resourceVersion=%d", path, o.Mark))
		cancel()
		o.TooLarge = a.outcome != health.Available && refusesVersion(a.body)
	}
	limited, cancel := context.WithTimeout(ctx, i.prober.options.Timeout)
	defer cancel()
	a := i.get(limited, path+"?resourceVersion=0")
	err := a.err()
	if err == nil {
		o.Cached, err = versionOf(a.body)
	}
	v.report(i.server, err)
	return o
}

// after completes the observation with what the write came to.
func (v *versions) after(o revision.Observation, i *instance, a answer) {
	if a.outcome != health.Available {
		return
	}
	written, err := versionOf(a.body)
	if err != nil {
		v.report(i.server, err)
		return
	}
	i.prober.mu.Lock()
	o.Store = i.store
	i.prober.mu.Unlock()
	o.Written, o.At = written, i.prober.now()
	v.tracker.Observe(o)
}

// object is what is read of any object.
type object struct {
	Metadata struct{ UID, ResourceVersion string }
}

func versionOf(body []byte) (uint64, error) {
	var o object
	if err := json.Unmarshal(body, &o); err != nil {
		return 0, fmt.Errorf("object of the write probe: %w", err)
	}
	version, err := strconv.ParseUint(o.Metadata.ResourceVersion, 10, 64)
	if err != nil {
		return 0, errors.New("object of the write probe: its resource version is no number")
	}
	if !bounded.Revision(version) {
		return 0, fmt.Errorf("object of the write probe: resource version %d is none of a store", version)
	}
	return version, nil
}

// storeOf returns the UID of the object, or nothing.
func storeOf(body []byte) string {
	var o object
	if json.Unmarshal(body, &o) != nil {
		return ""
	}
	return o.Metadata.UID
}

// refusesVersion tells whether the answer means that the version is newer than
// all that the API server has.
func refusesVersion(body []byte) bool {
	var status metav1.Status
	if json.Unmarshal(body, &status) != nil || status.Details == nil {
		return false
	}
	for _, cause := range status.Details.Causes {
		if cause.Type == metav1.CauseTypeResourceVersionTooLarge {
			return true
		}
	}
	return false
}
