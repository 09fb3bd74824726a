package etcd

import (
	"net/http"
	"strings"

	"github.com/kubevitals/kubevitals/sources/health"
)

// healthOf reads the reason that etcd gives for being ill.
func healthOf(healthy bool, reason string) Health {
	switch {
	case healthy:
		return Healthy
	case strings.Contains(reason, "NOSPACE"):
		return NoSpace
	case strings.Contains(reason, "CORRUPT"):
		return Corrupt
	case strings.Contains(reason, "NO LEADER"):
		return NoLeader
	case strings.HasPrefix(reason, "RANGE ERROR"):
		return ReadFailed
	}
	return Other
}

// mostChecks bounds the checks of a probe; a member names five.
const mostChecks = 50

// parseChecks reads lines of the form "[+]NAME ok" and "[-]NAME failed: ...".
func parseChecks(probe, body string) []Check {
	var checks []Check
	seen := map[string]bool{}
	for line := range strings.Lines(body) {
		name, _, good, ok := health.CheckLine(line)
		if !ok || seen[name] || len(checks) == mostChecks {
			continue
		}
		seen[name] = true
		checks = append(checks, Check{Probe: probe, Name: name, OK: good})
	}
	return checks
}

// statusError is an answer with another status than expected.
type statusError int

func (e statusError) Error() string { return "etcd answers " + http.StatusText(int(e)) }

// Reason says what the answer means.
func (e statusError) Reason() health.Reason { return health.OfStatus(int(e)) }

// invalidError is an answer that is not etcd's.
type invalidError struct{}

func (invalidError) Error() string { return "the answer is not that of etcd" }

// Reason says what the answer means.
func (invalidError) Reason() health.Reason { return health.Invalid }
