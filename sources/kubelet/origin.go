package kubelet

import (
	"errors"
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

// mostAhead is how far figures may be ahead of the answer that they are in. The same clock
// gives both, and one that was set back is right again with the next measurement.
const mostAhead = time.Minute

// origin is what an answer must be like to be the kubelet's own, of now.
type origin struct {
	// node is empty if whose answer it is does not show by its name.
	node string
	// date is when the answer was given, by the clock of who gave it, so that one that is
	// off does not matter; zero in a snapshot.
	date time.Time
	// header is that of the answer; nil in a snapshot.
	header http.Header
	// serving is when the certificate ends that the kubelet showed; zero if that is not known.
	serving time.Time
}

// originOf takes the header of an answer. It is an error if that comes from a cache, or
// does not say when it was given, as that of every kubelet does.
func originOf(node string, header http.Header) (origin, error) {
	by := origin{node: node, header: header}
	if age := header.Get("Age"); age != "" && age != "0" {
		return by, &answerError{health.Stale, fmt.Errorf("a cache has answered: Age: %.20q", age)}
	}
	var err error
	if by.date, err = http.ParseTime(header.Get("Date")); err != nil {
		return by, health.Foreign("the answer does not say when it was given")
	}
	return by, nil
}

// check tells whether statistics are of this origin. Those of the image file system have
// the time of the runtime, which may be none; all others are measured by the kubelet.
func (o origin) check(stats *nodeStats) error {
	if stats.Name != "" && o.node != "" && stats.Name != o.node {
		const most = 80
		return &answerError{health.Invalid, fmt.Errorf("the answer is that of node %.*q", most, stats.Name)}
	}
	if stats.FS == nil || o.date.IsZero() {
		return nil
	}
	switch age := o.date.Sub(stats.FS.Time); {
	case stats.FS.Time.Unix() <= 0:
		return &answerError{health.Invalid, errors.New("the figures do not say of when they are")}
	case age > mostAge:
		return &answerError{health.Stale, fmt.Errorf("figures of %s before the answer", age.Round(time.Second))}
	case age < -mostAhead:
		return &answerError{health.Invalid, fmt.Errorf("figures of %s after the answer", (-age).Round(time.Second))}
	}
	return nil
}
