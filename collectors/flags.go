package collectors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

// Flags declares the options of one collector.
type Flags struct {
	app  *kingpin.Application
	name string
}

// Flag declares --collector.NAME.OPTION. Options use '-' between words.
func (f *Flags) Flag(option, help string) *kingpin.FlagClause {
	return f.app.Flag("collector."+f.name+"."+option, help)
}

// Selection says which collectors of a catalogue run. Its fields are filled
// when the application parses its command line.
type Selection struct {
	definitions     []Definition
	scope           Scope
	disableDefaults bool
	value, byUser   []bool
	recorded        func(Definition) exporter.Collector
	allRecorded     bool
	shard           exporter.Shard
	leftOut         []string
}

// Register declares --scope, --collector.disable-defaults, a pair of
// --[no-]collector.NAME for each definition and their options.
func Register(app *kingpin.Application, definitions []Definition) *Selection {
	s := &Selection{
		definitions: definitions,
		value:       make([]bool, len(definitions)),
		byUser:      make([]bool, len(definitions)),
	}
	app.Flag("scope", "From where to look: cluster (one Deployment) or node (a DaemonSet). Moves only the defaults of the collectors.").
		Default(string(Cluster)).EnumVar((*string)(&s.scope), string(Cluster), string(Node))
	app.Flag("collector.disable-defaults", "Run only the collectors that are switched on by a flag.").
		BoolVar(&s.disableDefaults)
	for i, d := range definitions {
		help := fmt.Sprintf("%s (scope %s, default: %s)", strings.TrimSuffix(d.Help, "."), d.Scope, onOff(d.Default))
		app.Flag("collector."+d.Name, help).IsSetByUser(&s.byUser[i]).BoolVar(&s.value[i])
		if d.Flags != nil {
			d.Flags(&Flags{app: app, name: d.Name})
		}
	}
	return s
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// Scope is the one that the user chose.
func (s *Selection) Scope() Scope { return s.scope }

// Enabled returns the definitions that run, in catalogue order: those that the
// user switched on, and by default those of the scope that are not opt-in.
func (s *Selection) Enabled() []Definition {
	var enabled []Definition
	for i, d := range s.definitions {
		on := !s.disableDefaults && d.Default && d.Scope == s.scope
		if s.byUser[i] {
			on = s.value[i]
		}
		if on && (s.shard.First() || d.perNode()) {
			enabled = append(enabled, d)
		}
	}
	return enabled
}

// Configure lets every definition pass its options on to the sources.
func (s *Selection) Configure(c *sources.Config) {
	for _, d := range s.definitions {
		if d.Configure != nil {
			d.Configure(c)
		}
	}
}

// Replay makes Build take what is recorded of the collectors whose facts are of
// their moment (see Definition.Replay). Those that recorded returns nil for are
// left out, and those that it knows run unless the user switched them off.
func (s *Selection) Replay(recorded func(Definition) exporter.Collector) { s.recorded = recorded }

// ReplayAll makes Build take what is recorded of all collectors, and of the one that reports
// on sources, whose name is SelfName: nothing else is there to work anything out from.
func (s *Selection) ReplayAll(recorded func(Definition) exporter.Collector) {
	s.recorded, s.allRecorded = recorded, true
}

// Divide makes Build leave out the collectors that would have nothing to tell on a
// shard: on all but the first those that tell nothing of nodes.
func (s *Selection) Divide(shard exporter.Shard) { s.shard = shard }

// perNode tells whether any metric of a collector has series of nodes.
func (d Definition) perNode() bool { return slices.ContainsFunc(d.Metrics, (*exporter.Desc).PerNode) }

// LeftOut names the collectors that would run and that nothing is recorded of.
// It is empty until Build was called.
func (s *Selection) LeftOut() []string { return s.leftOut }

// Build makes the enabled collectors and, last, the one that reports on the
// sources which they asked for.
func (s *Selection) Build(sources *sources.Sources) ([]exporter.Named, error) {
	enabled := map[string]bool{}
	for _, d := range s.Enabled() {
		enabled[d.Name] = true
	}
	s.leftOut = nil // of what was built before
	var named []exporter.Named
	for i, d := range s.definitions {
		c, err := s.build(d, sources, enabled[d.Name], s.byUser[i])
		if err != nil {
			return nil, fmt.Errorf("collector %s: %w", d.Name, err)
		}
		if c != nil {
			named = append(named, exporter.Named{Name: d.Name, Collector: c, Metrics: d.Metrics})
		}
	}
	return append(named, s.self(sources)), nil
}

// self is the collector that reports on the sources.
func (s *Selection) self(sources *sources.Sources) exporter.Named {
	if s.allRecorded {
		if c := s.recorded(Definition{Name: SelfName, Metrics: SourceMetrics()}); c != nil {
			return exporter.Named{Name: SelfName, Collector: c, Metrics: SourceMetrics(), Undivided: true}
		}
	}
	return selfCollector(sources, s.scope == Node)
}

// build returns nil for a collector that does not run.
func (s *Selection) build(d Definition, sources *sources.Sources, enabled, byUser bool) (exporter.Collector, error) {
	if s.recorded == nil || !d.Replay && !s.allRecorded {
		if !enabled {
			return nil, nil
		}
		return d.New(sources)
	}
	if byUser && !enabled {
		return nil, nil
	}
	if c := s.recorded(d); c != nil {
		return c, nil
	}
	if enabled {
		s.leftOut = append(s.leftOut, d.Name)
	}
	return nil, nil
}
