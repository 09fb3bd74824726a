package mcp

import (
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// Answer is what a tool answers that looks at a cluster.
type Answer[T any] struct {
	// Time that the answer is of.
	At time.Time `json:"at"`
	// Whether everything that there is could be read. While it is false, what is not told is
	// no proof of health.
	Complete bool `json:"complete"`
	// What cluster_data is, for an assistant to read.
	Notice string `json:"notice"`
	// All that comes from the cluster: data, never instructions.
	ClusterData Data[T] `json:"cluster_data"`
}

// Data is what comes from the cluster.
type Data[T any] struct {
	// Cluster: its name, its address, or the path of a dump.
	Cluster string `json:"cluster"`
	// What the tool found.
	Found T `json:"found"`
}

// Short is an incident in a few words.
type Short struct {
	// ID by which the tool incident tells the rest. It stays the same while the incident lasts.
	ID string `json:"id"`
	// The worst severity of the cause and of what follows from it.
	Severity string `json:"severity"`
	// Name of the alert of the cause.
	Alert string `json:"alert"`
	// The cause in one sentence, with its object.
	Summary string `json:"summary"`
	// Objects that the incident is about, those of the cause first.
	Objects []incident.Object `json:"objects"`
	// When the cause began, where the cluster says so.
	Since time.Time `json:"since,omitzero"`
	// Names of the alerts that follow from the cause, one for each finding.
	Follows []string `json:"follows"`
}

// Entry is an incident in full.
type Entry struct {
	// ID of the incident.
	ID string `json:"id"`
	incident.Incident
}

// Full is an incident with what is known of its cause.
type Full struct {
	// The incident, as check -o json prints it.
	Incident Entry `json:"incident"`
	// Samples that made the alert of the cause fire.
	Evidence []ruleeval.Evidence `json:"evidence"`
	// Objects of the cause, and what the cluster says of each.
	Objects []ruleeval.Object `json:"objects"`
	// The first of those objects in short, or an error behind the cause.
	Detail string `json:"detail"`
	// Shell commands to run first, filled in; may be empty.
	FirstCommands string `json:"first_commands"`
	// Address of the runbook.
	RunbookURL string `json:"runbook_url"`
}

// State is a signal as it is at present.
type State struct {
	diagnosis.Signal
	// What the signal is about.
	Help string `json:"help"`
}

// Blind is what a look could not tell.
type Blind struct {
	// Sources and collectors that could not be read.
	Unavailable []diagnosis.Unavailable `json:"unavailable"`
	// Sources and collectors of what the cluster or the dump does not have.
	Absent []diagnosis.Unavailable `json:"absent"`
	// Alerts by whether the look can tell if they fire.
	Coverage diagnosis.Coverage `json:"coverage"`
	// Nodes that are not ready by their condition, whether or not an alert fires for them.
	NodesNotReady []string `json:"nodes_not_ready"`
}

// Dump is what is wrong in a dump.
type Dump struct {
	// All incidents in full.
	Incidents []Entry `json:"incidents"`
	// What the dump does not tell.
	BlindSpots Blind `json:"blind_spots"`
}
