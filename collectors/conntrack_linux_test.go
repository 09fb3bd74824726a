package collectors

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/test/netns"
)

// conntrackNamespaceEnv marks the process that runs in a network namespace of
// its own.
const conntrackNamespaceEnv = "KUBEVITALS_TEST_CONNTRACK_NAMESPACE"

// TestConntrackOfTheKernel makes a network namespace whose kernel tracks
// connections, opens some, and reads how many there are from the real files.
func TestConntrackOfTheKernel(t *testing.T) {
	if os.Getenv(conntrackNamespaceEnv) != "" {
		conntrackInNamespace(t)
		return
	}
	t.Parallel()
	if _, err := os.Stat("/" + conntrackCountFile); errors.Is(err, fs.ErrNotExist) {
		t.Skip("this kernel does not track connections")
	}
	netns.Need(t, "ip", "nft")
	netns.Run(t, conntrackNamespaceEnv+"=1", nil)
}

func conntrackInNamespace(t *testing.T) {
	host := sources.NewHost(sources.HostConfig{Root: "/", Node: "n1"})
	read := func() string {
		return string(scrapeText(t, conntrackName, conntrackCollector{host}, Conntrack().Metrics))
	}
	for _, line := range []string{
		"ip link set lo up",
		"nft add table inet t",
		"nft add chain inet t c { type filter hook output priority 0 ; }",
		"nft add rule inet t c ct state new accept",
	} {
		fields := strings.Fields(line)
		if out, err := exec.CommandContext(t.Context(), fields[0], fields[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
	if text := read(); !strings.Contains(text, "conntrack_entries{node=\"n1\"} 0\n") {
		t.Fatalf("before the first connection:\n%s", text)
	}
	const connections = 5
	openConnections(t, connections)
	text := read()
	for _, want := range []string{
		fmt.Sprintf("conntrack_entries{node=\"n1\"} %d\n", connections),
		`conntrack_active{node="n1"} 1`, `conntrack_limit{node="n1"} `,
		`events_total{event="drop",node="n1"} 0`, `events_total{event="early_drop",node="n1"} 0`,
		`events_total{event="insert_failed",node="n1"} 0`, `events_total{event="search_restart",node="n1"} `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}
