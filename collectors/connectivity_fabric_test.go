package collectors

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fabric is a small cluster of three nodes: a namespace for each node, and behind
// it, routed by the node, one for its pods. A bridge joins the nodes.
type fabric struct {
	t      *testing.T
	prefix string
	agents []*netAgent
}

type netAgent struct {
	in  io.Writer
	out *bufio.Scanner
}

func (f *fabric) space(name string) string { return f.prefix + name }

// try runs a command and returns what it says if it fails.
func try(args ...string) error {
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (f *fabric) run(command string) {
	f.t.Helper()
	if err := try(strings.Fields(command)...); err != nil {
		f.t.Fatal(err)
	}
}

// in runs a command within a namespace.
func (f *fabric) in(name, command string) {
	f.t.Helper()
	f.run("ip netns exec " + f.space(name) + " " + command)
}

func newFabric(t *testing.T, name string) *fabric {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	for _, program := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs the program %s", program)
		}
	}
	f := &fabric{t: t, prefix: fmt.Sprintf("kvt%d-%s-", os.Getpid(), name)}
	if err := try("ip", "netns", "add", f.space("try")); err != nil {
		t.Skipf("no network namespaces here: %v", err)
	}
	f.run("ip netns del " + f.space("try"))
	f.add("bridge")
	f.in("bridge", "ip link add br0 type bridge")
	f.in("bridge", "ip link set br0 up")
	for n := 1; n <= 3; n++ {
		f.addNode(n)
	}
	return f
}

func (f *fabric) add(name string) {
	f.t.Helper()
	f.run("ip netns add " + f.space(name))
	f.t.Cleanup(func() {
		if err := try("ip", "netns", "del", f.space(name)); err != nil {
			f.t.Error(err)
		}
	})
	f.in(name, "ip link set lo up")
}

// addNode makes node n with the address 10.77.0.n and pods in 10.77.n.0/24. One
// packet carries one segment, as on a real wire, so that its size matters.
func (f *fabric) addNode(n int) {
	f.t.Helper()
	node, pod := fmt.Sprintf("n%d", n), fmt.Sprintf("p%d", n)
	f.add(node)
	f.add(pod)
	f.in(node, fmt.Sprintf("ip link add eth0 type veth peer name port%d netns %s", n, f.space("bridge")))
	f.in("bridge", fmt.Sprintf("ip link set port%d master br0 up", n))
	f.in(node, fmt.Sprintf("ip link add pods type veth peer name eth0 netns %s", f.space(pod)))
	f.in(node, fmt.Sprintf("ip addr add 10.77.0.%d/24 dev eth0", n))
	f.in(node, fmt.Sprintf("ip addr add 10.77.%d.1/24 dev pods", n))
	f.in(pod, fmt.Sprintf("ip addr add 10.77.%d.2/24 dev eth0", n))
	for _, link := range []struct{ space, name string }{{node, "eth0"}, {node, "pods"}, {pod, "eth0"}} {
		f.in(link.space, "ip link set "+link.name+" gso_max_segs 1 up")
	}
	f.in(node, "sysctl -qw net.ipv4.ip_forward=1")
	f.in(pod, fmt.Sprintf("ip route add default via 10.77.%d.1", n))
	for other := 1; other <= 3; other++ {
		if other != n {
			f.in(node, fmt.Sprintf("ip route add 10.77.%d.0/24 via 10.77.0.%d", other, other))
		}
	}
}

// start runs two agents on each node, which find each other through a file.
func (f *fabric) start() {
	f.t.Helper()
	var peers strings.Builder
	for n := 1; n <= 3; n++ {
		fmt.Fprintf(&peers, "n%d node 10.77.0.%d:9897\nn%d pod 10.77.%d.2:9897\n", n, n, n, n)
	}
	file := filepath.Join(f.t.TempDir(), "peers")
	if err := os.WriteFile(file, []byte(peers.String()), 0o600); err != nil {
		f.t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		for space, from := range map[string]string{fmt.Sprintf("n%d", n): "node", fmt.Sprintf("p%d", n): "pod"} {
			f.agents = append(f.agents, f.agent(space, fmt.Sprintf("--host.node=n%d --scope=node --collector.connectivity.from=%s "+
				"--collector.connectivity.peers-file=%s --collector.connectivity.probe-interval=500ms "+
				"--collector.connectivity.probe-timeout=1s --collector.connectivity.probe-attempts=2", n, from, file)))
		}
	}
}

func (f *fabric) agent(space, flags string) *netAgent {
	f.t.Helper()
	self, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	command := exec.Command("ip", "netns", "exec", f.space(space), self, "-test.run=^TestConnectivityAgent$")
	command.Env = append(os.Environ(), agentVariable+"="+flags)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		_ = in.Close() // what ends the agent
		if err := command.Wait(); err != nil {
			f.t.Errorf("agent in %s: %v", space, err)
		}
	})
	return &netAgent{in, bufio.NewScanner(out)}
}

var pathSample = regexp.MustCompile(`kubevitals_connectivity_path\{direction="(\w+)",node="(\w+)",other_zone="",peer="(\w+)",result="(\w+)",zone=""\} 1`)

var goodSample = regexp.MustCompile(`kubevitals_connectivity_good_paths\{.*\} (\d+)`)

// paths returns what every directed path came to that is not good, as "n1 node_to_pod n2
// timeout", and how many are good.
func (f *fabric) paths() (bad []string, good int) {
	f.t.Helper()
	for _, a := range f.agents {
		if _, err := io.WriteString(a.in, "\n"); err != nil {
			f.t.Fatal(err)
		}
		for a.out.Scan() && a.out.Text() != "END" {
			if m := pathSample.FindStringSubmatch(a.out.Text()); m != nil {
				bad = append(bad, fmt.Sprintf("%s %s %s %s", m[2], m[1], m[3], m[4]))
			}
			if m := goodSample.FindStringSubmatch(a.out.Text()); m != nil {
				n, err := strconv.Atoi(m[1])
				if err != nil {
					f.t.Fatal(err)
				}
				good += n
			}
		}
	}
	slices.Sort(bad)
	return bad, good
}

// expect waits until all 24 paths are known, and exactly these are not good.
func (f *fabric) expect(bad ...string) {
	f.t.Helper()
	slices.Sort(bad)
	var got []string
	var good int
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if got, good = f.paths(); good+len(got) == 24 && slices.Equal(got, bad) {
			return
		}
	}
	f.t.Fatalf("of %d paths these are bad: %q\nwant: %q", good+len(got), got, bad)
}

// drop makes node n lose what matches.
func (f *fabric) drop(n int, match string) {
	f.t.Helper()
	space := fmt.Sprintf("n%d", n)
	f.in(space, "nft add table ip test")
	f.in(space, "nft add chain ip test pre { type filter hook prerouting priority -300 ; }")
	f.in(space, "nft add rule ip test pre "+match+" drop")
}

func (f *fabric) mend(n int) {
	f.t.Helper()
	f.in(fmt.Sprintf("n%d", n), "nft delete table ip test")
}
