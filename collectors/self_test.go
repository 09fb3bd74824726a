package collectors

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// TestTerseSelf verifies that an agent tells of the sources that deviate, and by one of
// the others that it is alive.
func TestTerseSelf(t *testing.T) {
	t.Parallel()
	now := time.Unix(10_000, 0)
	before := func(d time.Duration) time.Time { return now.Add(-d) }
	c := self{terse: true, now: func() time.Time { return now }, states: func() []health.State {
		return []health.State{
			{Source: "cgroups", Reason: health.Available, LastSuccess: before(time.Second), MaxAge: 10 * time.Minute},
			{Source: "inotify", Reason: health.Available, LastSuccess: before(2 * time.Second), MaxAge: time.Minute},
			{Source: "old", Reason: health.Available, LastSuccess: before(time.Hour), MaxAge: time.Minute},
			{Source: "resolv_conf", Reason: health.Available, LastSuccess: before(time.Hour)},
			{Source: "runtime", Reason: health.Timeout, MaxAge: time.Minute},
		}
	}}
	var got strings.Builder
	for line := range strings.Lines(string(scrapeText(t, SelfName, c, SourceMetrics()))) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, "collector=") {
			got.WriteString(line)
		}
	}
	want := `kubevitals_scrape_sources 5
kubevitals_source_available{reason="timeout",source="runtime"} 0
kubevitals_source_last_success_timestamp_seconds{source="inotify"} 9998
kubevitals_source_last_success_timestamp_seconds{source="old"} 6400
kubevitals_source_max_age_seconds{source="inotify"} 60
kubevitals_source_max_age_seconds{source="old"} 60
kubevitals_source_max_age_seconds{source="runtime"} 60
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("samples differ (-want +got):\n%s", diff)
	}
}

func TestKubeletAvailability(t *testing.T) {
	t.Parallel()
	c := newKubeletAvailability(func() []*kubelet.Result {
		return []*kubelet.Result{ // metrics are not asked for
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
