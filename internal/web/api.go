package web

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/kubevitals/kubevitals/internal/blackbox"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/internal/timeline"
)

// API is where programs read the incidents, in the form of docs/incidents-api.md, and below
// it what was known when one began.
const API = "/api/v1/incidents"

// IncidentsVersion is the version of the JSON form of Incidents. It grows when a key goes
// or changes its meaning; keys may be added without that.
const IncidentsVersion = 1

// Incidents are what is wrong at present, for programs: the part of a result that they
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
	// Incidents that ended in the last 24 hours, as far as the exporter has looked: the last first, at most 200.
	Ended []timeline.Entry `json:"ended"`
	// Snapshots of what was known when incidents began, the newest first.
	Snapshots []blackbox.Record `json:"snapshots"`
	// Sources and collectors that could not be read.
	Unavailable []diagnosis.Unavailable `json:"unavailable"`
}

// IncidentsOf are the incidents of a report, with what ended before and what is kept; box
// may be nil.
func IncidentsOf(r *livestatus.Report, past *timeline.Timeline, box *blackbox.Box) Incidents {
	i := Incidents{
		Version: IncidentsVersion, Cluster: r.Cluster, At: r.At, Complete: r.Complete() && !r.Starting, Starting: r.Starting,
		Incidents: r.Incidents, Ended: []timeline.Entry{}, Snapshots: []blackbox.Record{}, Unavailable: r.Unavailable,
	}
	if past != nil {
		i.Ended = append(i.Ended, past.Ended()...)
	}
	if box != nil {
		i.Snapshots = append(i.Snapshots, box.Records()...)
	}
	return i
}

// incidentsAPI answers with the incidents of the report that the pages show.
func (s *server) incidentsAPI(w http.ResponseWriter, r *http.Request) {
	look, err := s.Report(r.Context())
	if err != nil {
		answer(w, http.StatusServiceUnavailable, apiError{err.Error()})
		return
	}
	answer(w, http.StatusOK, IncidentsOf(look, s.Timeline, s.Box))
}

// snapshotAPI answers with the archive of what was known when an incident began.
func (s *server) snapshotAPI(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if s.Box == nil {
		answer(w, http.StatusNotFound, apiError{"nothing is kept: --blackbox.dir names no folder"})
		return
	}
	file, record, err := s.Box.Snapshot(id)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		answer(w, http.StatusNotFound, apiError{fmt.Sprintf("no snapshot is kept of incident %q", id)})
		return
	case err != nil:
		answer(w, http.StatusInternalServerError, apiError{"the snapshot cannot be read"})
		return
	}
	defer func() { _ = file.Close() }()
	name := "kubevitals-" + record.Taken.UTC().Format("20060102T150405Z") + ".tar.gz"
	w.Header().Set("Content-Type", "application/gzip")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	http.ServeContent(w, r, name, record.Taken, file)
}

// apiError is why there is no other answer.
type apiError struct {
	Error string `json:"error"`
}

func answer(w http.ResponseWriter, status int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = report.Object(w, object) // who asked is gone
}

// snapshotLine is a snapshot on the status page.
type snapshotLine struct {
	Taken, Age, Size, URL string
	Summaries             []said
	// More is the number of incidents that are not named.
	More int
}

const (
	mostSnapshots = 10
	// mostSummaries bounds the incidents of a snapshot that are named.
	mostSummaries = 3
)

// snapshots are those that are kept, the newest first, and the number of those that are too
// many for a page. told are their incidents in the language of the page, as far as these are
// remembered.
func (s *server) snapshots(r reader, told map[string]said) (lines []snapshotLine, more int) {
	if s.Box == nil {
		return nil, 0
	}
	records := s.Box.Records()
	more = max(0, len(records)-mostSnapshots)
	for _, one := range records[:len(records)-more] {
		line := snapshotLine{Taken: moment(one.Taken), Age: r.Age(one.Taken), Size: r.Value("_bytes", float64(one.Bytes))}
		if len(one.Incidents) == 0 {
			continue
		}
		line.URL = snapshotURL(one.Incidents[0])
		line.More = max(0, len(one.Began)-mostSummaries)
		for _, b := range one.Began[:len(one.Began)-line.More] {
			words, ok := told[b.ID]
			if !ok {
				words = said{b.Summary, english}
			}
			line.Summaries = append(line.Summaries, words)
		}
		lines = append(lines, line)
	}
	return lines, more
}
