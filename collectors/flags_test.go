package collectors

import (
	"slices"
	"testing"

	"github.com/alecthomas/kingpin/v2"
)

func TestSelection(t *testing.T) {
	t.Parallel()
	definitions := []Definition{
		{Name: "cluster_on", Scope: Cluster, Default: true},
		{Name: "cluster_off", Scope: Cluster},
		{Name: "node_on", Scope: Node, Default: true},
	}
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"defaults", nil, []string{"cluster_on"}},
		{"node scope", []string{"--scope=node"}, []string{"node_on"}},
		{"opt in", []string{"--collector.cluster_off"}, []string{"cluster_on", "cluster_off"}},
		{"opt out", []string{"--no-collector.cluster_on"}, nil},
		{"a flag beats the scope", []string{"--scope=node", "--collector.cluster_on"}, []string{"cluster_on", "node_on"}},
		{"nothing by default", []string{"--collector.disable-defaults"}, nil},
		{"only one", []string{"--collector.disable-defaults", "--collector.node_on"}, []string{"node_on"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app := kingpin.New("test", "")
			s := Register(app, definitions)
			if _, err := app.Parse(tt.args); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range s.Enabled() {
				got = append(got, d.Name)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("enabled %v, want %v", got, tt.want)
			}
		})
	}
}

func TestOptionsBelongToTheirParse(t *testing.T) {
	t.Parallel()
	parse := func(arg string) int {
		var value int
		app := kingpin.New("test", "")
		Register(app, []Definition{{Name: "x", Flags: func(f *Flags) {
			f.Flag("some-limit", "A limit.").Default("1").IntVar(&value)
		}}})
		if _, err := app.Parse([]string{arg}); err != nil {
			t.Fatal(err)
		}
		return value
	}
	if a, b := parse("--collector.x.some-limit=3"), parse("--scope=cluster"); a != 3 || b != 1 {
		t.Errorf("values %d and %d, want 3 and 1", a, b)
	}
}
