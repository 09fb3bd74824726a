package diagnosis

import (
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
)

// IncidentsVersion is the version of the JSON form of Incidents. It grows when a key goes
// or changes its meaning; keys may be added without that.
const IncidentsVersion = 1

// Incidents are what is wrong at present, for programs: the part of a Result that they
// ask for again and again.
type Incidents struct {
	// Version of this form, which grows when a key goes or changes its meaning; keys may
	// be added without that.
	Version int `json:"version"`
	// Name of the cluster, as --cluster-name says.
	Cluster string `json:"cluster"`
	// Time that the answer is of: some seconds ago, or that of a snapshot.
	At time.Time `json:"at"`
	// Whether everything that there is could be read. While it is false, that there is no
	// incident is no proof of health.
	Complete bool `json:"complete"`
	// Whether something has yet to be read for the first time since the exporter started.
	Starting bool `json:"starting"`
	// What is wrong: alerts that fire, put together by their causes; the most severe first, then those from which something follows, then the oldest.
	Incidents []incident.Incident `json:"incidents"`
	// Sources and collectors that could not be read.
	Unavailable []Unavailable `json:"unavailable"`
}

// IncidentsOf are the incidents of a result. Starting is whether something had yet to be
// read for the first time.
func IncidentsOf(r *Result, starting bool) Incidents {
	return Incidents{
		Version: IncidentsVersion, Cluster: r.Cluster, At: r.At, Complete: r.Complete() && !starting, Starting: starting,
		Incidents: r.Incidents, Unavailable: r.Unavailable,
	}
}
