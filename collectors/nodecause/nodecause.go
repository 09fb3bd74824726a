// Package nodecause decides why a node is not ready: one cause from a closed
// list, from what the API server holds of the node and from how far a request
// to its kubelet gets.
//
// testdata holds Ready conditions of public bug reports, each with its address.
// They were labelled by this rule before anything was scored: the expected cause
// is the part of the message that must be mended first (runtime, then the
// kubelet's own set-up, then the PLEG, then the network), and "unknown" where
// the facts of the report do not tell. Reports with the same message, apart from
// durations and names, stay together; the messages were sorted by their SHA-256
// and dealt out in turn, one to messages-seen.yaml, which the rules below were
// written with, one to messages-held-back.yaml, which they were scored with once,
// when they were finished: "make score" prints both.
//
// The score says that the words are known, and not much more: real clusters use
// few words, and whoever wrote the rules had collected both halves. No report
// shows how far a request to the kubelet gets, so the causes that need it are
// tested in the lab, with kubelets that are killed, stopped and cut off.
package nodecause

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// Cause says why a node is not ready. The set is closed.
type Cause string

// The causes. None is that of a node that is ready.
const (
	None Cause = ""
	// MachineGone: the machine is shut down, removed, declared out of service, or
	// cordoned and off, and its kubelet is not known to live. The node is expected to be
	// away.
	MachineGone Cause = "machine_gone"
	// Disk, Memory and PID: the kubelet reports that it runs out of them.
	Disk   Cause = "disk"
	Memory Cause = "memory"
	PID    Cause = "pid"
	// RuntimeDown: the container runtime does not answer the kubelet.
	RuntimeDown Cause = "runtime_down"
	// KubeletSetup: the kubelet runs and has not set itself up: it just started,
	// starts over and over, or a part of its set-up fails.
	KubeletSetup Cause = "kubelet_setup"
	// PLEGStuck: listing the containers of the node takes minutes.
	PLEGStuck Cause = "pleg_stuck"
	// NetworkPluginMissing: no network plugin is configured, or it is not ready.
	NetworkPluginMissing Cause = "network_plugin_missing"
	// ShuttingDown: the kubelet says so, and goes on for all that.
	ShuttingDown Cause = "shutting_down"
	// KubeletDead: the host answers, and nothing listens at the kubelet's port.
	KubeletDead Cause = "kubelet_dead"
	// KubeletHung: the port accepts connections, and nothing ever answers there.
	KubeletHung Cause = "kubelet_hung"
	// KubeletCutOff: the kubelet answers kubevitals or renews its Lease, and its status
	// does not arrive: it does not reach the API server, is refused there, or its loop
	// hangs.
	KubeletCutOff Cause = "kubelet_cut_off"
	// Unreachable: the host does not answer at all.
	Unreachable Cause = "unreachable"
	// Silent: the kubelet posts nothing, and no request was sent to it that would
	// tell why.
	Silent Cause = "silent"
	// Unknown: the facts tell no cause.
	Unknown Cause = "unknown"
)

// Causes returns every cause but None.
func Causes() []Cause {
	return []Cause{
		MachineGone, Disk, Memory, PID, RuntimeDown, KubeletSetup, PLEGStuck, NetworkPluginMissing,
		ShuttingDown, KubeletDead, KubeletHung, KubeletCutOff, Unreachable, Silent, Unknown,
	}
}

// statusDue is how long a kubelet that runs keeps its status to itself, by default
// (nodeStatusReportFrequency); it tells a change at once.
const statusDue = 5 * time.Minute

// Heartbeat is the state of the node's Lease.
type Heartbeat int

const (
	// NoLease means that there is none, or that it cannot be read.
	NoLease Heartbeat = iota
	// Fresh means that it was renewed within its duration.
	Fresh
	// Overdue means that it was not.
	Overdue
)

// Facts are what is known of a node. The zero value knows nothing.
type Facts struct {
	// Ready is the status of the condition; empty when there is none.
	Ready corev1.ConditionStatus
	// Message is that of the condition Ready.
	Message string
	// DiskPressure, MemoryPressure and PIDPressure are true only where the
	// condition is True: Unknown is what the node controller writes on all of them
	// when a kubelet falls silent.
	DiskPressure, MemoryPressure, PIDPressure bool
	// NetworkUnavailable is true where the condition is True.
	NetworkUnavailable bool
	// Leaving is the sign, of which one is enough, that the node is being deleted or
	// its machine shut down or about to be removed: see LeavingTaint. Empty without.
	Leaving string
	// Cordoned is spec.unschedulable.
	Cordoned bool
	// Since is for how long Ready has had its status; zero if that is not known.
	Since     time.Duration
	Heartbeat Heartbeat
	// Kubelet is how far requests to the kubelet get.
	Kubelet kubelet.Reach
}

// Classify returns the one cause for which a node is not ready, or None when it
// is. The order of the rules is the rule:
//
//	ready condition   further facts                          cause
//	True              any                                    none
//	any other         leaving, and kubelet not alive         machine_gone
//	any other         cordoned, host does not answer         machine_gone
//	Unknown, none     kubelet refuses / hangs                kubelet_dead / kubelet_hung
//	Unknown, none     host does not answer                   unreachable
//	Unknown, none     lease fresh, for less than statusDue   kubelet_setup: it is back, its first status will follow
//	Unknown, none     lease fresh                            kubelet_cut_off: its status is late
//	Unknown, none     kubelet answers                        kubelet_cut_off
//	Unknown, none     kubelet not tried                      silent
//	False             lease overdue and kubelet does not     as if Unknown: what it said last
//	                  answer                                 is out of date
//	False             "node is shutting down"                machine_gone; shutting_down while alive
//	False             set-up of the kubelet unfinished       kubelet_setup
//	False             disk, memory or PID pressure           disk, memory, pid: the rest follows from it
//	False             the message names a cause              that one, see spoken
//	False             NetworkUnavailable                     network_plugin_missing
//	False             nothing of this                        unknown
func Classify(f Facts) Cause {
	switch {
	case f.Ready == corev1.ConditionTrue:
		return None
	case f.Sign() != "" && !f.alive():
		return MachineGone
	case f.Ready != corev1.ConditionFalse:
		return silent(f)
	case f.Heartbeat == Overdue && f.Kubelet != kubelet.NotTried && f.Kubelet != kubelet.Answers:
		return silent(f)
	}
	said := spoken(f.Message)
	if said == MachineGone && f.alive() {
		return ShuttingDown
	}
	switch {
	case said == MachineGone, said == KubeletSetup:
		return said
	case f.DiskPressure:
		return Disk
	case f.MemoryPressure:
		return Memory
	case f.PIDPressure:
		return PID
	case said != Unknown:
		return said
	case f.NetworkUnavailable:
		return NetworkPluginMissing
	}
	return Unknown
}

// silent is the cause of a node whose kubelet posts nothing.
func silent(f Facts) Cause {
	switch f.Kubelet {
	case kubelet.Refused:
		return KubeletDead
	case kubelet.Hangs:
		return KubeletHung
	case kubelet.NoRoute:
		return Unreachable
	}
	// What was seen of the kubelet itself came first: a Lease bears the time of the
	// node's clock, which may be ahead.
	switch {
	case f.Heartbeat == Fresh && f.Since < statusDue:
		return KubeletSetup
	case f.Heartbeat == Fresh, f.Kubelet == kubelet.Answers:
		return KubeletCutOff
	}
	return Silent
}

// alive tells whether the kubelet renews its Lease, and nothing that was seen of it
// speaks against that: a clock that is ahead makes the Lease of a dead one look fresh.
func (f Facts) alive() bool {
	return f.Heartbeat == Fresh && (f.Kubelet == kubelet.NotTried || f.Kubelet == kubelet.Answers)
}

// Sign is what says that the machine is gone or goes; empty where nothing does.
func (f Facts) Sign() string {
	if f.Leaving == "" && f.Ready != corev1.ConditionTrue && f.Cordoned && f.Kubelet == kubelet.NoRoute {
		return CordonedAndOff
	}
	return f.Leaving
}
