package snapshot

import (
	"bytes"
	"io"
	"strings"
	"time"
)

// gathered is when the programs began and ended that took a dump, by the clock of
// whoever ran them; zero without a file that says so.
type gathered struct{ from, to time.Time }

// timestampLimit bounds a file of times in bytes.
const timestampLimit = 64 << 10

// readTimestamp reads the file timestamp of must-gather and oc adm inspect, in which each
// line is a moment as Go writes it: the first when it began, the last when it ended.
func (r *reader) readTimestamp(m *meter) error {
	m.limit = timestampLimit
	raw, err := io.ReadAll(m)
	if err != nil {
		return err
	}
	known := false
	for line := range bytes.Lines(raw) {
		fields := strings.Fields(string(line))
		if len(fields) < 3 {
			continue
		}
		at, err := time.Parse("2006-01-02 15:04:05.999999999 -0700", strings.Join(fields[:3], " "))
		if err != nil {
			continue // some other file of that name
		}
		r.gathered.saw(at)
		known = true
	}
	if !known {
		r.snapshot.Skipped["file"]++
	}
	return nil
}

func (g *gathered) saw(at time.Time) {
	if g.from.IsZero() || at.Before(g.from) {
		g.from = at
	}
	if at.After(g.to) {
		g.to = at
	}
}

// moment returns the time of a dump and what says so: that which its objects agree on,
// but not one before the dump was begun, as in a cluster that has stood still since.
// Without either it is that of the file.
func (g gathered) moment(objects, file time.Time) (time.Time, Evidence) {
	switch {
	case objects.Before(g.from):
		return g.from, FromTimestamp
	case !objects.IsZero():
		return objects, FromObjects
	}
	return file, FromFile
}
