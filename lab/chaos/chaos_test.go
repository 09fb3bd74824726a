package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// binaryEnv names the kubevitals binary under test.
const binaryEnv = "KUBEVITALS_BINARY"

// TestShortCampaign plays the short campaign and verifies the targets for each
// trial that is required; of the others it reports the figures.
func TestShortCampaign(t *testing.T) {
	o := Options{
		LabBinary: os.Getenv(cluster.BinaryEnv), Binary: os.Getenv(binaryEnv),
		Manifests: "../../deploy/base", Dir: filepath.Join(t.TempDir(), "chaos"),
		// As long as the promise: a fault that is told late is found to be.
		Duration: MaxStale + 15*time.Second, Recovery: 30 * time.Second, Parallel: 8,
		Logf: func(format string, args ...any) { _, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}
	if o.LabBinary == "" || o.Binary == "" {
		t.Skipf("no binaries under test: set %s and %s, or run make e2e", cluster.BinaryEnv, binaryEnv)
	}
	trials, err := Select(Trials(), true, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	results, err := Run(ctx, o, trials)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		switch {
		case r.Error != "":
			t.Errorf("%s", r.Line())
		case r.Required && !r.Good:
			t.Errorf("%s; %+v", r.Line(), r.Topics)
		default:
			t.Log(r.Line())
		}
	}
}
