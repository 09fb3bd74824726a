package collectors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/test/fresh"
)

func TestEveryDefinitionIsListed(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, d := range Catalogue() {
		listed = append(listed, d.Name)
	}
	var declared []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		if returnsDefinition(t, file) {
			declared = append(declared, strings.TrimSuffix(file, ".go"))
		}
	}
	slices.Sort(listed)
	slices.Sort(declared)
	if !slices.Equal(listed, declared) {
		t.Errorf("files with a Definition: %v\nin Catalogue:             %v", declared, listed)
	}
	if len(slices.Compact(listed)) != len(declared) {
		t.Error("a name is listed twice")
	}
}

// returnsDefinition tells whether the file has a function func X() Definition.
func returnsDefinition(t *testing.T, file string) bool {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range tree.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || f.Type.Results == nil || len(f.Type.Results.List) != 1 {
			continue
		}
		if id, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && id.Name == "Definition" {
			return true
		}
	}
	return false
}

func TestDefinitionsAreWhole(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, d := range Catalogue() {
		if !name.MatchString(d.Name) {
			t.Errorf("%q is no snake_case name", d.Name)
		}
		if !strings.HasSuffix(d.Help, ".") || d.New == nil || len(d.Metrics) == 0 {
			t.Errorf("%s: needs a help sentence, metrics and a constructor", d.Name)
		}
		if _, err := os.Stat(filepath.Join("testdata", d.Name+".prom")); err != nil && !fresh.Update() {
			t.Errorf("%s: no golden exposition, which a test makes with golden(): %v", d.Name, err)
		}
		for _, m := range d.Metrics {
			if !strings.HasPrefix(m.Name, exporter.Namespace+"_"+d.Name+"_") {
				t.Errorf("%s: metric %s does not begin with the collector's name", d.Name, m.Name)
			}
		}
	}
}

func TestMetricsFollowTheConventions(t *testing.T) {
	t.Parallel()
	metrics := SelfMetrics()
	for _, d := range Catalogue() {
		metrics = append(metrics, d.Metrics...)
	}
	seen := map[string]bool{}
	for _, m := range metrics {
		if seen[m.Name] {
			t.Errorf("%s is declared twice", m.Name)
		}
		seen[m.Name] = true
		if strings.Count(m.Help, ". ") > 0 || !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%s: help is not one sentence: %q", m.Name, m.Help)
		}
		for _, l := range m.Labels {
			if l == "cluster" || l == "instance" || l == "job" {
				t.Errorf("%s: label %s belongs to the target", m.Name, l)
			}
		}
		problems, err := promlint.NewWithMetricFamilies([]*dto.MetricFamily{family(m)}).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// family is the metric as promlint wants it.
func family(m *exporter.Desc) *dto.MetricFamily {
	kind := dto.MetricType_GAUGE
	if m.Type == prometheus.CounterValue {
		kind = dto.MetricType_COUNTER
	}
	return &dto.MetricFamily{Name: proto.String(m.Name), Help: proto.String(m.Help), Type: &kind}
}

// TestCountsStandBesideWhatDeviates verifies that what is told of single nodes or servers
// where it deviates is counted beside, by a metric of the same collector that is of none.
func TestCountsStandBesideWhatDeviates(t *testing.T) {
	t.Parallel()
	ofOne := func(m *exporter.Desc) bool { return m.PerNode() || slices.Contains(m.Labels, "server") }
	for _, d := range Catalogue() {
		for deviates, count := range d.Counted {
			if !slices.Contains(d.Metrics, deviates) || !slices.Contains(d.Metrics, count) {
				t.Errorf("%s: %s or %s is none of its metrics", d.Name, deviates.Name, count.Name)
			}
			if !ofOne(deviates) || ofOne(count) {
				t.Errorf("%s: %s should be of a node or a server, and %s of none", d.Name, deviates.Name, count.Name)
			}
			if slices.Contains(d.Steady, deviates) {
				t.Errorf("%s: %s is absent where all is well, and steady", d.Name, deviates.Name)
			}
		}
	}
}
