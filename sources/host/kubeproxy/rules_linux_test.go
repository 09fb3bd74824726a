package kubeproxy

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/test/netns"
)

// stageEnv tells a process of this test binary, in a network namespace of its own,
// which rights it has.
const stageEnv = "KUBEVITALS_TEST_PROXYTRACE"

// TestRulesOfTheKernel makes in a real kernel what kube-proxy makes in each mode.
func TestRulesOfTheKernel(t *testing.T) {
	switch os.Getenv(stageEnv) {
	case "root":
		rulesInNamespace(t)
		return
	case "nobody":
		if found := NewFinder(t.TempDir()).Find(t.Context()); !cmp.Equal(found, map[string]bool{IPVS: false}) {
			t.Errorf("one who may not look at rules finds %v", found)
		}
		return
	}
	t.Parallel()
	netns.Need(t, "ip", "nft")
	netns.Run(t, stageEnv+"=root", nil)
	netns.Run(t, stageEnv+"=nobody", &syscall.Credential{Uid: 65534, Gid: 65534})
}

func rulesInNamespace(t *testing.T) {
	want := map[string]bool{IPTables: false, NFTables: false, IPVS: false}
	f := NewFinder(t.TempDir())
	for _, step := range []struct{ line, trace string }{
		{"ip link set lo up", ""},
		{"nft add table ip nat", ""},                     // as other programs do
		{"nft add chain ip nat KUBE-KUBELET-CANARY", ""}, // the kubelet's
		{"nft add chain ip nat KUBE-SERVICES", IPTables},
		{"nft add table ip6 kube-proxy", NFTables},
		{"ip link add kube-ipvs0 type veth", IPVS}, // kube-proxy's is a dummy, which some kernels do not know
	} {
		fields := strings.Fields(step.line)
		if out, err := exec.CommandContext(t.Context(), fields[0], fields[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", step.line, err, out)
		}
		if step.trace != "" {
			want[step.trace] = true
		}
		if diff := cmp.Diff(want, f.Find(t.Context())); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", step.line, diff)
		}
	}
}
