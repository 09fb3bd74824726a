package web

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/livestatus"
)

const (
	// mostCells bounds the squares of the map: of more nodes several are one square.
	mostCells = 5000
	// widest is the number of squares in a row where there are many, and least where there
	// are few.
	widest, least = 125, 20
	// mostNodes bounds the nodes of one cause that are named, and mostGroups the causes.
	mostNodes, mostGroups = 20, 30
)

// nodeMap is a map of all nodes, in the order of their names: a square each, by what is
// wrong with it. Runs of squares that are alike are one stroke of a path, so that 5,000 nodes
// take few bytes.
type nodeMap struct {
	// Label is the map in words.
	Label string
	// Width and Height are in squares, and Wide the width in pixels where there is room.
	Width, Height, Wide int
	Paths               []nodePath
	// Each is how many nodes a square stands for; empty if one.
	Each   string
	Groups []nodeGroup
	// MoreGroups is the number of causes that are not named.
	MoreGroups int
}

// nodePath are the squares of one class.
type nodePath struct{ Class, D string }

// nodeGroup are the nodes of one state and cause.
type nodeGroup struct {
	Class, State, Cause, Lang string
	Count                     int
	Nodes                     []link
	More                      int
}

// The classes of squares, the worst first.
func nodeClasses() []string { return []string{"critical", "warning", "info", "notready", "ready"} }

// nodeMap is nil where the nodes are not known.
func (s *server) nodeMap(r reader, report *livestatus.Report, f filter, lang string) *nodeMap {
	nodes := report.Nodes
	if f.Node != "" {
		nodes = slices.DeleteFunc(slices.Clone(nodes), func(name string) bool { return !matches(name, f.Node) })
	}
	if len(nodes) == 0 {
		return nil
	}
	causes, notReady := causesByNode(report.Result), map[string]bool{}
	for _, name := range report.NodesNotReady {
		notReady[name] = true
	}
	m := &nodeMap{}
	classes := make([]string, len(nodes))
	groups := map[string]*nodeGroup{}
	for i, name := range nodes {
		cause, ill := causes[name]
		classes[i] = classOf(!notReady[name], cause, ill)
		if classes[i] == "ready" {
			continue
		}
		s.group(groups, classes[i], name, cause, ill, r, lang)
	}
	m.draw(classes)
	m.Groups, m.MoreGroups = sorted(groups)
	ready := 0
	for _, class := range classes {
		if class == "ready" {
			ready++
		}
	}
	m.Label = fmt.Sprintf(r.words["nodesReady"], ready, len(nodes)-ready)
	if each := perCell(len(nodes)); each > 1 {
		m.Each = fmt.Sprintf(r.words["perSquare"], each)
	}
	return m
}

// causesByNode are the incidents of nodes: of each the most severe that names it, itself or
// by what follows from it.
func causesByNode(result *diagnosis.Result) map[string]incident.Incident {
	causes := map[string]incident.Incident{}
	for _, one := range result.Incidents { // the most severe first
		if !diagnosis.AboutCluster(one) {
			continue
		}
		for _, o := range one.Objects {
			if _, known := causes[o.Name]; !known && o.Kind == "node" {
				causes[o.Name] = one
			}
		}
	}
	return causes
}

func classOf(ready bool, cause incident.Incident, ill bool) string {
	switch {
	case ill:
		return cause.Severity
	case ready:
		return "ready"
	}
	return "notready"
}

// group adds a node to those of its state and cause.
func (s *server) group(groups map[string]*nodeGroup, class, node string, cause incident.Incident, ill bool, r reader, lang string) {
	why := whyOf(cause.Cause)
	key := class + "\x00" + cause.Cause.Alert + "\x00" + why
	g := groups[key]
	if g == nil {
		g = &nodeGroup{Class: class, State: r.words["node-"+class], Cause: cause.Cause.Finding.Summary}
		if translated := s.Summaries[cause.Cause.Alert]; lang == chinese && translated != "" {
			g.Cause = translated
		}
		g.Lang = languageOf(g.Cause)
		if why != "" {
			g.Cause += " (" + why + ")"
		}
		if !ill {
			g.Cause, g.Lang = r.words["noAlertYet"], lang
		}
		groups[key] = g
	}
	g.Count++
	if len(g.Nodes) == mostNodes {
		g.More++
		return
	}
	g.Nodes = append(g.Nodes, link{node, "?" + query([]pair{{"node", wholeName(node)}}, lang)})
}

// sorted are the groups, the worst and then the largest first, and the number of those that
// are too many.
func sorted(groups map[string]*nodeGroup) (all []nodeGroup, more int) {
	for _, g := range groups {
		all = append(all, *g)
	}
	rank := func(g nodeGroup) int { return slices.Index(nodeClasses(), g.Class) }
	slices.SortFunc(all, func(a, b nodeGroup) int {
		return cmp.Or(rank(a)-rank(b), b.Count-a.Count, strings.Compare(a.Cause, b.Cause))
	})
	more = max(0, len(all)-mostGroups)
	return all[:len(all)-more], more
}

// whyOf is the cause that an alert tells in its labels, or its samples in theirs; empty if
// neither does.
func whyOf(m incident.Member) string {
	if why := m.Labels["cause"]; why != "" {
		return why
	}
	for _, e := range m.Finding.Evidence {
		if why := e.Labels()["cause"]; why != "" {
			return why
		}
	}
	return ""
}

func perCell(nodes int) int { return (nodes + mostCells - 1) / mostCells }

// draw makes squares of the classes of nodes, row by row.
func (m *nodeMap) draw(classes []string) {
	cells := worstOf(classes, perCell(len(classes)))
	m.Width = min(max(least, int(math.Sqrt(float64(3*len(cells))))), widest)
	m.Height = (len(cells) + m.Width - 1) / m.Width
	m.Wide = m.Width * min(16, max(7, 800/m.Width))
	paths := map[string]*strings.Builder{}
	for begin := 0; begin < len(cells); {
		end := begin + 1
		for end < len(cells) && end%m.Width != 0 && cells[end] == cells[begin] {
			end++
		}
		if paths[cells[begin]] == nil {
			paths[cells[begin]] = &strings.Builder{}
		}
		_, _ = fmt.Fprintf(paths[cells[begin]], "M%d %d.5h%d", begin%m.Width, begin/m.Width, end-begin) // never fails
		begin = end
	}
	for _, class := range nodeClasses() {
		if p := paths[class]; p != nil {
			m.Paths = append(m.Paths, nodePath{class, p.String()})
		}
	}
}

// worstOf puts so many neighbours each together, by the worst of them.
func worstOf(classes []string, each int) []string {
	var cells []string
	for some := range slices.Chunk(classes, each) {
		cells = append(cells, slices.MinFunc(some, func(a, b string) int {
			return slices.Index(nodeClasses(), a) - slices.Index(nodeClasses(), b)
		}))
	}
	return cells
}
