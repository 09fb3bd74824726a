package matrix

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// The programs, by the variables that name them for tests.
const (
	kubevitalsEnv   = "KUBEVITALS_BINARY"
	prometheusEnv   = "KUBEVITALS_PROMETHEUS"
	alertmanagerEnv = "KUBEVITALS_ALERTMANAGER"
)

// TestMatrix plays some faults that are quickly told of, one of each kind: what does not
// answer, what is asked for, what is watched, and what is gone.
func TestMatrix(t *testing.T) {
	o := Options{
		LabBinary: os.Getenv(cluster.BinaryEnv), Kubevitals: os.Getenv(kubevitalsEnv),
		Prometheus: os.Getenv(prometheusEnv), Alertmanager: os.Getenv(alertmanagerEnv),
		Manifests: "../../deploy/base", Causes: "../../mixin/generated/causes.json",
		Dir: t.TempDir(), Nodes: 3, Stay: 15 * time.Second, Parallel: 2, Logf: t.Logf,
	}
	if slices.Contains([]string{o.LabBinary, o.Kubevitals, o.Prometheus, o.Alertmanager}, "") {
		t.Skip("run make e2e: it needs programs that the environment names")
	}
	chosen, err := faults.Select("apiserver-hung,coredns-killed,quota,webhook-gone")
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), o, Single(chosen))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if !r.Good() {
			t.Errorf("%s", r.Line())
		}
	}
	t.Logf("\n%s", report.Summary())
}
