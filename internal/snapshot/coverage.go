package snapshot

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/sources"
)

// coverage is what of a resource a snapshot shows.
type coverage struct {
	// all says that no namespace is left out, as far as one can see.
	all        bool
	namespaces map[string]bool
}

// has tells whether a list of the resource can be answered. A list of all
// namespaces can be with some of them: what it shows is true, if not all.
func (c *coverage) has(namespace string) bool {
	return c != nil && (c.all || namespace == "" && len(c.namespaces) > 0 || c.namespaces[namespace])
}

func (s *Snapshot) cover(row *sources.Resource) *coverage {
	key := row.GroupResource().String()
	c := s.coverage[key]
	if c == nil {
		c = &coverage{namespaces: map[string]bool{}}
		s.coverage[key] = c
	}
	return c
}

// listed follows one list while it is read.
type listed struct {
	hint hint
	// alone says that it is no list but one object.
	alone bool
	// rows are the namespaces that were seen, by row of the table.
	rows map[*sources.Resource]map[string]bool
}

func (l *listed) saw(k kind, namespace string) {
	if l.rows == nil {
		l.rows = map[*sources.Resource]map[string]bool{}
	}
	if l.rows[k.row] == nil {
		l.rows[k.row] = map[string]bool{}
	}
	l.rows[k.row][namespace] = true
}

// end concludes from a complete list of objects of the kind of, which is none
// where the list does not say, what the snapshot shows. A list with objects of one
// namespace may be of that one only.
func (l *listed) end(s *Snapshot, of kind) {
	if !of.known() {
		of = l.hint.kind
	}
	if of.known() && len(l.rows[of.row]) == 0 {
		c := s.cover(of.row)
		if l.hint.row == of.row && l.hint.namespace != "" {
			c.namespaces[l.hint.namespace] = true
		} else {
			c.all = true
		}
	}
	everywhere := false // what was asked for in more than one namespace was in all
	for _, namespaces := range l.rows {
		everywhere = everywhere || len(namespaces) > 1
	}
	for row, namespaces := range l.rows {
		c := s.cover(row)
		if !row.Namespaced && !(l.alone && row.Whole) || everywhere {
			c.all = true
		}
		if !row.Namespaced {
			continue
		}
		maps.Copy(c.namespaces, namespaces)
	}
}

// partial tells of resources that the snapshot shows of some namespaces only.
func (s *Snapshot) partial() []string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(s.coverage)) {
		c := s.coverage[key]
		if c.all || len(c.namespaces) == 0 || !s.wantsAll(key) {
			continue
		}
		names := slices.Sorted(maps.Keys(c.namespaces))
		const most = 5
		if len(names) > most {
			names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
		}
		lines = append(lines, fmt.Sprintf("the dump has %s of these namespaces only: %s", key, strings.Join(names, ", ")))
	}
	return lines
}

// wantsAll tells whether a resource is read of all namespaces, so that some are a part,
// and that part is read.
func (s *Snapshot) wantsAll(resource string) bool {
	return slices.ContainsFunc(s.table, func(row sources.Resource) bool {
		return row.GroupResource().String() == resource && slices.ContainsFunc(row.Lists, func(l sources.List) bool { return l.Namespace == "" && !l.Complete })
	})
}

// completeCoverage finds resources that were read namespace by namespace and
// lack none of those that exist.
func (r *reader) completeCoverage() {
	if len(r.namespaces) < 2 {
		return
	}
	for _, c := range r.snapshot.coverage {
		missing := false
		for name := range r.namespaces {
			missing = missing || !c.namespaces[name]
		}
		c.all = c.all || !missing
	}
}
