package runbook_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
)

// TestText verifies that a terminal gets prose and commands in the order of the
// runbook, the prose wrapped and the commands filled in and whole.
func TestText(t *testing.T) {
	t.Parallel()
	parsed, err := runbook.Parse([]byte("# KubeVitalsExample\n\n## Diagnosis\n\n```sh\nNODE='<node>'\nCAUSE='<cause>'\n```\n\n" +
		"1. See what the kubelet [said](KubeVitalsOther.md) when it was asked last.\n```sh\nkubectl describe node \"$NODE\" --a-long-flag\n\nuptime\n```\nOnly then: go on.\n"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `KubeVitalsExample

DIAGNOSIS

    NODE='worker-1; reboot'
    CAUSE='<cause>'

1. See what the kubelet said
   when it was asked last.

       kubectl describe node "$NODE" --a-long-flag

       uptime

   Only then: go on.
`
	var b bytes.Buffer
	if err := parsed.Fill(map[string]string{"node": "worker-1; reboot"}).Text(&b, 32); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTextOfChinese verifies that Chinese is wrapped between its characters, by the columns
// that these take, and without the spaces of line breaks.
func TestTextOfChinese(t *testing.T) {
	t.Parallel()
	parsed, err := runbook.Parse([]byte("# KubeVitalsExample\n\n## 意義\n\n節點沒有就緒，\n因為 kubelet 沒有執行。\n已停用。\n"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "KubeVitalsExample\n\n意義\n節點沒有就緒，因為\nkubelet 沒有執行。已\n停用。\n"
	var b bytes.Buffer
	if err := parsed.Fill(nil).Text(&b, 20); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
