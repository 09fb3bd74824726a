package collectors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/sources"
)

// hostFiles makes a root of a host that holds the files.
func hostFiles(t *testing.T, files map[string]string) sources.Host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return sources.NewHost(sources.HostConfig{Root: root, Node: "n1"})
}

const (
	conntrackCountFile = "proc/sys/net/netfilter/nf_conntrack_count"
	conntrackMaxFile   = "proc/sys/net/netfilter/nf_conntrack_max"
	conntrackStatFile  = "proc/net/stat/nf_conntrack"
	// The columns of Linux 5.10 and later, for two CPUs.
	conntrackStat = "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n" +
		"0000fffe  00000001 00000000 00000000 00000002 00000003 00000000 00000004 00000000 00000010 000000ff 00000001 00000000  00000000 00000000 00000000 0000000a\n" +
		"0000fffe  00000001 00000000 00000000 00000002 00000003 00000000 00000004 00000000 00000001 00000001 00000002 00000000  00000000 00000000 00000000 00000001\n"
	// The columns of older kernels.
	conntrackOldStat = "entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n" +
		"00000001  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000003 00000000 00000000 00000000  00000000 00000000 00000000 00000000\n"
)

// TestConntrack is a table that drops, which needs a limit for the whole machine:
// tests must not set that, so the files are fixtures.
func TestConntrack(t *testing.T) {
	t.Parallel()
	host := hostFiles(t, map[string]string{conntrackCountFile: "65534\n", conntrackMaxFile: "65536\n", conntrackStatFile: conntrackStat})
	golden(t, conntrackName, conntrackCollector{host}, Conntrack().Metrics)
}

func TestConntrackOfOtherKernels(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files map[string]string
		want  []string
		lacks string
	}{
		{
			"without the module", map[string]string{"proc/sys/net/core/somaxconn": "4096\n"},
			[]string{`active{node="n1"} 0`, `success{collector="conntrack"} 1`}, "conntrack_entries",
		},
		{
			"an old one", map[string]string{conntrackCountFile: "1\n", conntrackMaxFile: "0\n", conntrackStatFile: conntrackOldStat},
			[]string{`active{node="n1"} 1`, `limit{node="n1"} 0`, `events_total{event="insert_failed",node="n1"} 3`}, "searched",
		},
		{
			"without statistics", map[string]string{conntrackCountFile: "1\n", conntrackMaxFile: "2\n"},
			[]string{`entries{node="n1"} 1`, `success{collector="conntrack"} 1`}, "events_total",
		},
		{"not a view of a kernel", nil, []string{`success{collector="conntrack"} 0`}, "conntrack_active"},
		{
			"a limit that is no number", map[string]string{conntrackCountFile: "1\n", conntrackMaxFile: "many\n"},
			[]string{`success{collector="conntrack"} 0`}, "conntrack_active",
		},
		{
			"columns without values", map[string]string{conntrackCountFile: "1\n", conntrackMaxFile: "2\n", conntrackStatFile: "drop early_drop\n00000001\n"},
			[]string{`success{collector="conntrack"} 0`}, "conntrack_active",
		},
		{
			"values that are not hexadecimal", map[string]string{conntrackCountFile: "1\n", conntrackMaxFile: "2\n", conntrackStatFile: "drop\nx\n"},
			[]string{`success{collector="conntrack"} 0`}, "conntrack_active",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := string(scrapeText(t, conntrackName, conntrackCollector{hostFiles(t, tt.files)}, Conntrack().Metrics))
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %s in\n%s", want, text)
				}
			}
			if strings.Contains(text, tt.lacks) {
				t.Errorf("it says %s:\n%s", tt.lacks, text)
			}
		})
	}
}
