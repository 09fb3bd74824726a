package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/blackbox"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/internal/timeline"
	"github.com/kubevitals/kubevitals/internal/web"
)

// lately is what began 30 and 20 minutes before now, and of which the first has ended since.
func lately() *timeline.Timeline {
	line := timeline.New()
	look := func(ago time.Duration, nodes ...string) {
		r := &diagnosis.Result{At: now().Add(-ago), Coverage: diagnosis.Coverage{Evaluated: []string{diskPressure}}}
		for _, n := range nodes {
			r.Incidents = append(r.Incidents, incident.Incident{
				Severity: "warning", Summary: "Node " + n + " is short.", Cause: incident.Member{Alert: diskPressure, Labels: map[string]string{"node": n}},
			})
		}
		line.Update(r, false)
	}
	look(30*time.Minute, "<b>one</b>")
	look(20*time.Minute, "<b>one</b>", "two")
	look(10*time.Minute, "two")
	return line
}

// TestRecent verifies that the page and programs are told what began and ended, the latest
// first.
func TestRecent(t *testing.T) {
	t.Parallel()
	h := pagesWith(t, func(o *web.Options) { o.Timeline = lately() })
	p := parse(t, get(t, h, "/?lang=en").Body.String())
	inOrder(t, p.text.String(), "Began and ended lately",
		"10m ago", "ended", "(lasted 20m", "Node <b>one</b> is short.",
		"20m ago", "began", "Node two is short.",
		"30m ago", "began", "Node <b>one</b> is short.")
	inOrder(t, parse(t, get(t, h, "/?lang=zh-TW").Body.String()).text.String(), "最近開始與結束的事件", "10 分", "結束", "磁碟滿了。", "開始")
	var told web.Incidents
	asked(t, h, http.StatusOK, &told)
	if len(told.Ended) != 1 || told.Ended[0].Labels["node"] != "<b>one</b>" || !told.Ended[0].Ended.Equal(now().Add(-10*time.Minute)) || told.Snapshots == nil {
		t.Errorf("%+v", told)
	}
}

// TestRecentInChinese verifies that what goes on is told by the sentence of its incident in the
// language of the page, in which the look that the timeline is made of was not.
func TestRecentInChinese(t *testing.T) {
	t.Parallel()
	line := timeline.New()
	status := livestatus.New(livestatus.Options{
		Gather: func(context.Context) (exporter.Families, error) { return exporter.Parse(strings.NewReader(sick)) },
		Errors: knownErrors{}, Rules: rules(t), Target: map[string]string{"job": "kubevitals", "cluster": "prod"}, Now: now, Starting: func() bool { return false },
		Looked: func(r *livestatus.Report, _ exporter.Families) { line.Update(r.Result, r.Starting) },
		Translate: func(_ context.Context, r *diagnosis.Result, _ *ruleeval.Samples) *diagnosis.Result {
			own := *r
			own.Incidents = slices.Clone(r.Incidents)
			for i := range own.Incidents {
				own.Incidents[i].Summary = "節點 " + own.Incidents[i].Cause.Labels["node"] + " 有問題。"
			}
			return &own
		},
	})
	h := pagesWith(t, func(o *web.Options) { o.Timeline, o.Report = line, status.Report })
	inOrder(t, get(t, h, "/?lang=zh-TW").Body.String(), `id="recent"`, `lang="zh-TW">節點 worker-2 有問題。</a>`)
	inOrder(t, get(t, h, "/?lang=en").Body.String(), `id="recent"`, `lang="en">`, "reports disk pressure")
}

// TestSnapshotsOfIncidents verifies that a snapshot is served under the ID of each incident that
// it is kept for, and that the page leads there.
func TestSnapshotsOfIncidents(t *testing.T) {
	t.Parallel()
	line := timeline.New()
	box := blackbox.New(blackbox.Options{
		Dir: t.TempDir(), MaxSnapshots: 5, MaxBytes: 1 << 20, Interval: time.Hour, Errors: knownErrors{}, Logger: slog.New(slog.DiscardHandler),
		Free: func(string) (uint64, uint64, error) { return 1 << 40, 1 << 40, nil },
	}, line)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go box.Run(ctx, func(context.Context) error { return nil })
	report, err := reporting(t, sick)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	began := line.Update(report.Result, false)
	box.Looked(report.Result, nil, began)
	for deadline := time.Now().Add(time.Minute); len(box.Records()) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing is kept: %v", box.Err())
		}
	}
	h := pagesWith(t, func(o *web.Options) {
		o.Timeline, o.Box = line, box
		o.Report = func(context.Context) (*livestatus.Report, error) { return report, nil }
	})
	page := get(t, h, "/?lang=en").Body.String()
	for _, one := range began {
		if !strings.Contains(page, "api/v1/incidents/"+one.ID+"/snapshot") {
			t.Errorf("the page does not lead to that of %s", one.Summary)
		}
		w := get(t, h, web.API+"/"+one.ID+"/snapshot")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/gzip" || int64(w.Body.Len()) != box.Records()[0].Bytes ||
			!strings.Contains(w.Header().Get("Content-Disposition"), `filename="kubevitals-20260304T050604Z.tar.gz"`) {
			t.Errorf("status %d, %v, %d bytes", w.Code, w.Header(), w.Body.Len())
		}
	}
	if w := get(t, h, web.API+"/..%2Ftimeline.json/snapshot"); w.Code != http.StatusNotFound {
		t.Errorf("of no incident: status %d", w.Code)
	}
	if w := get(t, handler(t), web.API+"/"+began[0].ID+"/snapshot"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "--blackbox.dir") {
		t.Errorf("without a black box: status %d, %s", w.Code, w.Body)
	}
}
