package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// beats are the two heartbeats of a node's kubelet in a dump of 12:00: the status of its
// node, which is ready, and its Lease, each as old as is said.
type beats struct {
	node          string
	status, lease time.Duration
}

// beating lists these nodes and their Leases, and that of a controller manager that leads.
func beating(all ...beats) []string {
	at := func(age time.Duration) string {
		return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC).Add(-age).Format("2006-01-02T15:04:05.000000Z")
	}
	lease := func(namespace, name string, age time.Duration) string {
		return fmt.Sprintf(`{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"namespace":%q,"name":%q,"creationTimestamp":"2026-01-01T00:00:00Z"},
			"spec":{"holderIdentity":%[2]q,"leaseDurationSeconds":40,"renewTime":%q}}`, namespace, name, at(age))
	}
	var nodes []string
	leases := []string{lease("kube-system", "kube-controller-manager", time.Second)}
	for _, b := range all {
		nodes = append(nodes, strings.Replace(ready(b.node), `"lastHeartbeatTime":"2026-01-02T10:00:00Z"`, fmt.Sprintf(`"lastHeartbeatTime":%q`, at(b.status)), 1))
		leases = append(leases, lease("kube-node-lease", b.node, b.lease))
	}
	return []string{ofKind("", nodes...), ofKind("", leases...)}
}

// TestHeartbeats verifies what is said of a node whose two heartbeats do not agree: that
// its clock is off only where both are by the same time.
func TestHeartbeats(t *testing.T) {
	t.Parallel()
	const s, m = time.Second, time.Minute
	anyFinding := []string{"(?m)^(CRITICAL|WARNING|INFO) "}
	for name, c := range map[string]struct {
		odd       beats
		want, not []string
	}{
		"a status that has not changed for minutes": {beats{"odd", 7 * m, 9 * s}, nil, anyFinding},
		"a Lease that is not renewed": {
			beats{"odd", 4 * s, 25 * m}, []string{"WARNING KubeVitalsNodeLeaseNotRenewed", "node odd .* 24m 5[0-9]s later"}, []string{"[Cc]lock of (a )?node.* (is|off)", "has stopped its heartbeats"},
		},
		"both are late, and the node counts as ready": {
			beats{"odd", 27 * m, 25 * m}, []string{"WARNING KubeVitalsNodeClockOff", "clock of node odd .* is 2[45]m .* behind"}, []string{"LeaseNotRenewed", "StatusStale", "has stopped its heartbeats"},
		},
		"a Lease that is ahead of its status": {
			beats{"odd", 15 * s, -40 * m}, []string{"WARNING KubeVitalsNodeStatusStale", "Lease of node odd .* 40m .* later"}, []string{"KubeVitalsNodeClockOff", "has stopped its heartbeats"},
		},
		"both are ahead": {
			beats{"odd", -38 * m, -40 * m}, []string{"WARNING KubeVitalsNodeClockOff", "clock of node odd .* ahead of"}, []string{"LeaseNotRenewed", "StatusStale"},
		},
		"a clock that was set back by hours since it posted its status": {beats{"odd", -8 * time.Hour, 4 * s}, nil, anyFinding},
		"a status that is not posted": {
			beats{"odd", 35 * m, 4 * s}, []string{"WARNING KubeVitalsNodeStatusStale", "Lease of node odd .* 3[45]m .* later"}, []string{"KubeVitalsNodeClockOff"},
		},
		"all of it was a minute ago": {
			beats{"odd", 70 * s, 58 * s}, []string{"WARNING KubeVitalsNodeLeaseStale", "node odd .* last renewed its Lease (5|6)[0-9]s ago|1m"}, []string{"nobody does", "KubeVitalsNodeClockOff"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, _ := diagnose(t, beating(c.odd, beats{"a", 20 * s, 2 * s}, beats{"b", 250 * s, 6 * s}, beats{"c", 90 * s, 9 * s})...)
			says(t, text, c.want, c.not)
		})
	}
}

// TestNodeWithoutLease verifies that a node is told of that has no Lease, where others have.
func TestNodeWithoutLease(t *testing.T) {
	t.Parallel()
	lists := beating(beats{"a", 0, 0}, beats{"b", 0, 0}, beats{"c", 0, 0})
	text, _ := diagnose(t, append(lists, ofKind("", strings.Replace(ready("odd"), "2026-01-02T10:00:00Z", "2026-01-02T11:59:50Z", 2)))...)
	says(t, text, []string{"WARNING KubeVitalsNodeLeaseNotRenewed", "Node odd .* has no Lease"}, []string{"later than the last renewal"})
	text, _ = diagnose(t, ofKind("", ready("a"), ready("b")), ofKind("", ready("c")))
	says(t, text, nil, []string{"has no Lease"})
}

// kubeletSaid is an event of the kubelet of node a.
func kubeletSaid(name, kind, reason string, count int, last string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Event","metadata":{"namespace":"default","name":%q,"uid":%[1]q,"creationTimestamp":"2026-01-02T11:40:00Z"},"type":%q,"reason":%q,"count":%d,
		"involvedObject":{"kind":"Node","name":"a","uid":"a"},"source":{"component":"kubelet","host":"a"},"firstTimestamp":"2026-01-02T11:40:00Z","lastTimestamp":%q}`, name, kind, reason, count, last)
}

// TestGarbageCollectionAtStart verifies that what each kubelet says once as it starts is
// no failure, and that what it goes on saying is one.
func TestGarbageCollectionAtStart(t *testing.T) {
	t.Parallel()
	const lately, over = "2026-01-02T11:58:00Z", "2026-01-02T11:52:00Z"
	for name, c := range map[string]struct {
		events []string
		fails  bool
	}{
		"once, as it started":              {[]string{kubeletSaid("1", "Normal", "Starting", 1, lately), kubeletSaid("2", "Warning", "ImageGCFailed", 1, lately), kubeletSaid("3", "Warning", "InvalidDiskCapacity", 1, lately)}, false},
		"once, and its start is not known": {[]string{kubeletSaid("2", "Warning", "ImageGCFailed", 1, lately)}, false},
		"once by each of three starts":     {[]string{kubeletSaid("1", "Normal", "Starting", 3, lately), kubeletSaid("2", "Warning", "ImageGCFailed", 3, lately)}, false},
		"more often than it started":       {[]string{kubeletSaid("1", "Normal", "Starting", 1, lately), kubeletSaid("2", "Warning", "ImageGCFailed", 3, lately)}, true},
		"often, and not for a while":       {[]string{kubeletSaid("2", "Warning", "ImageGCFailed", 3, over), kubeletSaid("4", "Warning", "FreeDiskSpaceFailed", 3, over)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, _ := diagnose(t, append(beating(beats{"a", 0, 0}), ofKind("", c.events...))...)
			if strings.Contains(text, "KubeVitalsGarbageCollectionFailing") != c.fails {
				t.Errorf("want %t:\n%s", c.fails, text)
			}
		})
	}
}

// TestNothingMovesWithoutNodes verifies that no answer has pods move or be evicted that
// nothing in the dump says so of.
func TestNothingMovesWithoutNodes(t *testing.T) {
	t.Parallel()
	never := strings.Replace(silent("new"), silence, "Kubelet never posted node status.", 1)
	for name, c := range map[string]struct {
		lists []string
		want  []string
	}{
		"all nodes are silent":     {[]string{ofKind("", silent("a"), silent("b"), silent("c"))}, []string{"100% of the nodes", "No node is left that is ready"}},
		"the only node":            {[]string{ofKind("", silent("a"))}, []string{"Node a .* has not been ready"}},
		"one that was never ready": {append(beating(beats{"a", 0, 0}, beats{"b", 0, 0}, beats{"c", 0, 0}, beats{"d", 0, 0}), ofKind("", never)), []string{"Node new .* has not been ready"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, _ := diagnose(t, c.lists...)
			says(t, text, c.want, []string{"(?i)evict", "(?i)pods move", "stopped being ready", "still there"})
		})
	}
}
