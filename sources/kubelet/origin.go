package kubelet

import (
	"fmt"
	"net/http"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// mostAge is how old the figures of a node may be. A kubelet measures every 10 to 15
// seconds, and cAdvisor, by which it does, keeps what it measured for two minutes: one
// whose figures are older measures no more, as behind a disk that hangs, or is not who
// answers.
const mostAge = 3 * time.Minute

// origin is what an answer must be like to be the kubelet's own, of now.
type origin struct {
	// node is empty if whose answer it is does not show by its name.
	node string
	// date is when the answer was given, by the clock of who gave it, so that one that is
	// off does not matter; zero if that is not known.
	date time.Time
}

// originOf takes the header of an answer. It is an error if that comes from a cache.
func originOf(node string, header http.Header) (origin, error) {
	by := origin{node: node}
	if age := header.Get("Age"); age != "" && age != "0" {
		return by, &answerError{health.Stale, fmt.Errorf("a cache has answered: Age: %.20q", age)}
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		by.date = date
	}
	return by, nil
}

// check tells whether statistics are of this origin. Those of the image file system have
// the time of the runtime, which may be none.
func (o origin) check(stats *nodeStats) error {
	if stats.Name != "" && o.node != "" && stats.Name != o.node {
		const most = 80
		return &answerError{health.Invalid, fmt.Errorf("the answer is that of node %.*q", most, stats.Name)}
	}
	if stats.FS == nil || stats.FS.Time.Unix() <= 0 || o.date.IsZero() {
		return nil
	}
	if age := o.date.Sub(stats.FS.Time); age > mostAge {
		return &answerError{health.Stale, fmt.Errorf("figures of %s before the answer", age.Round(time.Second))}
	}
	return nil
}
