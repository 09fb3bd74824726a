package collectors

import (
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

func TestKubeletAvailability(t *testing.T) {
	t.Parallel()
	c := newKubeletAvailability(func() []kubelet.Result {
		return []kubelet.Result{ // metrics are not asked for
			{Node: "bad", Stats: kubelet.Fetched[kubelet.Summary]{Reason: health.Timeout}, Config: kubelet.Fetched[kubelet.Config]{Reason: health.Starting}},
			{Node: "good", Stats: kubeletSays(kubelet.Summary{}), Config: kubeletSays(kubelet.Config{})},
		}
	})
	var got []string
	for line := range strings.Lines(string(scrapeText(t, "kubelets", c, []*exporter.Desc{kubeletAvailable}))) {
		if strings.HasPrefix(line, kubeletAvailable.Name+"{") {
			got = append(got, strings.TrimSpace(strings.TrimPrefix(line, kubeletAvailable.Name)))
		}
	}
	want := `{endpoint="configz",node="bad",reason="starting"} 0
{endpoint="configz",node="good",reason="available"} 1
{endpoint="stats_summary",node="bad",reason="timeout"} 0
{endpoint="stats_summary",node="good",reason="available"} 1`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got:\n%s\nwant:\n%s", text, want)
	}
}
