//go:build linux

package realnode

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// row is a line of the table of what really failed.
type row struct {
	failure, said string
	saidAfter     time.Duration
	named         []string
	namedAfter    []time.Duration
}

// passing is what differs each time, and says nothing: ids of containers and pods,
// addresses of the place with their ports, and amounts that were measured.
var passing = regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}` +
	`|198\.1[89]\.\d+\.\d+(-198\.1[89]\.\d+\.\d+)?(:\d+)?|\b\d+(Ki|Mi)\b|\b\d{7,}\b`)

// String is the row in Markdown, the same of each run as long as the facts are.
func (r row) String() string {
	said := strings.TrimSpace(strings.ReplaceAll(passing.ReplaceAllString(r.said, "…"), "|", "/"))
	var named []string
	for i, n := range r.named {
		named = append(named, fmt.Sprintf("%s (%s)", n, within(r.namedAfter[i])))
	}
	return fmt.Sprintf("| %s | %s (%s) | %s |", r.failure, said, within(r.saidAfter), strings.Join(named, "; "))
}

// within is the next of a few times, since no two runs take the same.
func within(d time.Duration) string {
	for _, bound := range []int{5, 10, 20, 40, 60, 90, 120, 180} {
		if d <= time.Duration(bound)*time.Second {
			return fmt.Sprintf("within %d s", bound)
		}
	}
	return fmt.Sprintf("after %.0f s", d.Seconds())
}

// TestRow verifies that what is told of a failure is the same in two runs of it.
func TestRow(t *testing.T) {
	for name, tt := range map[string]struct{ one, other, want string }{
		"addresses": {
			`lookup registry.example on 198.18.16.1:53: read udp 198.18.16.2:50340->198.18.16.1:53: read: connection refused`,
			`lookup registry.example on 198.18.0.1:53: read udp 198.18.0.2:41312->198.18.0.1:53: read: connection refused`,
			`lookup registry.example on …: read udp …->…: read: connection refused`,
		},
		"a range of addresses": {
			`no IP addresses available in range set: 198.18.17.2-198.18.17.2`, `no IP addresses available in range set: 198.18.1.12-198.18.1.12`,
			`no IP addresses available in range set: …`,
		},
		"ids of pods and containers": {
			`got "/kubepods/besteffort/pode39726df-c0ef-4b05-be7f-3629fa7b0514/` + strings.Repeat("0a", 32) + `" instead`,
			`got "/kubepods/besteffort/pod1f1726df-c0ef-4b05-be7f-3629fa7b0999/` + strings.Repeat("1b", 32) + `" instead`,
			`got "/kubepods/besteffort/pod…/…" instead`,
		},
		"amounts": {
			`Threshold quantity: 105425716, available: 68784Ki. Container main was using 44Ki, request is 0, has larger consumption. `,
			`Threshold quantity: 105425716, available: 70012Ki. Container main was using 921600Ki, request is 0, has larger consumption. `,
			`Threshold quantity: …, available: …. Container main was using …, request is 0, has larger consumption.`,
		},
	} {
		for _, said := range []string{tt.one, tt.other} {
			got := row{failure: "it", said: said, saidAfter: 1200 * time.Millisecond, named: []string{"A"}, namedAfter: []time.Duration{31 * time.Second}}.String()
			if want := "| it | " + tt.want + " (within 5 s) | A (within 40 s) |"; got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	}
}

// tableEnv names a document whose table is to be replaced.
const tableEnv = "KUBEVITALS_REAL_NODE_TABLE"

// table is where a document has it.
var table = regexp.MustCompile(`(?s)(<!-- real failures: [^\n]* -->\n).*(<!-- end of real failures -->)`)

// writeTable writes what really failed into the document, if there is one, and nothing if
// a failure was not told as it should be.
func writeTable(t *testing.T, rows []row) {
	t.Helper()
	lines := "| what failed | what the platform said, and when | what kubevitals named, and when |\n| --- | --- | --- |\n"
	for _, r := range rows {
		lines += r.String() + "\n"
	}
	replaceTable(t, tableEnv, table, lines)
}

// replaceTable puts lines between the two parts of a pattern in the document that a variable
// of the environment names, if there is one, unless the test has failed.
func replaceTable(t *testing.T, env string, between *regexp.Regexp, lines string) {
	t.Helper()
	file := os.Getenv(env)
	if file == "" || t.Failed() {
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !between.Match(text) {
		t.Fatalf("%s has no place for the table", file)
	}
	replaced := between.ReplaceAllStringFunc(string(text), func(old string) string {
		m := between.FindStringSubmatch(old)
		return m[1] + lines + m[2]
	})
	if err := os.WriteFile(file, []byte(replaced), 0o600); err != nil {
		t.Fatal(err)
	}
}
