package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestMatch takes lines as the components write them.
func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, want string }{
		{`skydns: failure to forward request "read udp 10.240.0.18:47848->168.63.129.16:53: i/o timeout"`, "dns_forward_timeout"},
		{`[ERROR] plugin/errors: 2 example.com. A: read udp 10.1.0.5:52840->10.0.0.2:53: i/o timeout`, "dns_forward_timeout"},
		{`[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting.`, "dns_loop"},
		{`E0122 06:56:04.774977 1 reflector.go:199] reflector.go:94: Failed to list *v1.Endpoints: Get https://10.0.0.1:443/api/v1/endpoints?resourceVersion=0: dial tcp 10.0.0.1:443: i/o timeout`, "apiserver_unreachable"},
		{`conntrack returned error: error looking for path of conntrack: exec: "conntrack": executable file not found in $PATH`, "conntrack_missing"},
		{`Failed to start ContainerManager failed to initialise top level QOS containers`, "qos_containers"},
		{`Failed to start ContainerManager" err="failed to initialize top level QOS containers: x`, "qos_containers"},
		{`Failed to update Node Allocatable Limits "": failed to set supported cgroup subsystems`, "node_allocatable"},
		{`Operation cannot be fulfilled on horizontalpodautoscalers.autoscaling "a": the object has been modified; please apply your changes to the latest version and try again`, "update_conflict"},
		{`skipping pod synchronization - [PLEG is not healthy: pleg was last seen active 3m]`, "pleg_unhealthy"},
		{`failed to create fsnotify watcher: inotify_init: too many open files`, "inotify_exhausted"},
		{`inotify_add_watch /sys/fs/cgroup/cpu: no space left on device`, "inotify_exhausted"},
		{`accept tcp 10.0.0.1:443: accept4: too many open files`, "too_many_open_files"},
		{`etcdserver: mvcc: database space exceeded`, "etcd_no_space"},
		{`x509: certificate has expired or is not yet valid`, "certificate_expired"},
		{`all is well`, ""},
		{`write /var/lib: no space left on device`, ""},
	}
	for _, tt := range tests {
		if got := match(Signatures(), tt.line); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
	}
}

func TestSignaturesAreLowerCase(t *testing.T) {
	t.Parallel()
	for _, s := range Signatures() {
		for _, piece := range s.All {
			if piece != strings.ToLower(piece) || len(s.All) == 0 {
				t.Errorf("%s: %q never fits", s.Name, piece)
			}
		}
	}
}

// logs are the logs of one test, by pod and container.
type logs struct {
	text  map[string]string
	err   map[string]error
	asked []string
	since time.Time
}

func (l *logs) open(_ context.Context, pod, container string, since time.Time, _ int64) (io.ReadCloser, error) {
	key := pod + "/" + container
	l.asked, l.since = append(l.asked, key), since
	return io.NopCloser(strings.NewReader(l.text[key])), l.err[key]
}

func line(at time.Time, text string) string { return at.Format(time.RFC3339Nano) + " " + text + "\n" }

func newReader(o Options, l *logs, now time.Time, targets ...Target) *Reader {
	source := Source{
		Targets: func() ([]Target, error) { return targets, nil },
		Open:    l.open, Stamp: PodStamp, Report: func(error) {},
	}
	return NewReader(o, source, slog.New(slog.DiscardHandler), func() time.Time { return now })
}

func pod(name, container, component string) Target {
	return Target{Name: name, Logs: map[string]string{container: component}}
}

const timeout = "[ERROR] plugin/errors: 2 a. A: read udp 1->2: i/o timeout"

// TestLinesCountOnce reads a log again that has grown: the API server gives
// whole seconds, so it repeats lines.
func TestLinesCountOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	at := now.Add(-time.Second)
	l := &logs{text: map[string]string{"dns-1/coredns": line(at, timeout) + line(at.Add(time.Millisecond), "fine") + "torn\n"}}
	r := newReader(Options{}, l, now, pod("dns-1", "coredns", "dns"))
	key := Key{Component: "dns", Signature: "dns_forward_timeout"}
	for round, want := range []int{1, 1, 2} {
		if round == 2 {
			l.text["dns-1/coredns"] += line(at.Add(2*time.Millisecond), timeout)
		}
		if err := r.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		state, ok := r.State()
		if lines := state.Lines[key]; !ok || lines != want {
			t.Errorf("round %d: %d lines, want %d", round, lines, want)
		}
		if round == 0 && !l.since.Equal(now.Add(-LookBack)) {
			t.Errorf("the first reading goes back to %s", l.since)
		}
	}
	state, _ := r.State()
	if last := state.Seen[key]; !last.Equal(at.Add(2 * time.Millisecond)) {
		t.Errorf("last seen %s", last)
	}
	if state.Bytes < int64(2*len(l.text["dns-1/coredns"])) || state.Truncated != 0 {
		t.Errorf("bytes %d, truncated %d", state.Bytes, state.Truncated)
	}
}

// TestPodsTakeTurns has more unhealthy pods than are read in a round.
func TestPodsTakeTurns(t *testing.T) {
	t.Parallel()
	var pods []Target
	for i := range 5 {
		pods = append(pods, pod(fmt.Sprint("p", i), "c", "other"))
	}
	l := &logs{}
	r := newReader(Options{Pods: 2}, l, time.Now(), pods...)
	for range 3 {
		if err := r.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := strings.Join(l.asked, " "), "p0/c p1/c p2/c p3/c p4/c p0/c"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	if state, _ := r.State(); state.Unhealthy != 5 || state.LeftOut != 3 {
		t.Errorf("state %+v", state)
	}
}

func TestReadingIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := &logs{text: map[string]string{"p/c": line(now, strings.Repeat("x", 100_000)) + line(now.Add(time.Second), timeout)}}
	r := newReader(Options{Bytes: 50_000}, l, now, pod("p", "c", "dns"))
	if err := r.round(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state, _ := r.State(); state.Truncated != 1 || state.Bytes > 51_000 || len(state.Seen) != 0 {
		t.Errorf("state %+v", state)
	}
}

func TestWhatCannotBeReadIsReported(t *testing.T) {
	t.Parallel()
	resource := schema.GroupResource{Resource: "pods/log"}
	forbidden := apierrors.NewForbidden(resource, "p", errors.New("no"))
	for _, tt := range []struct{ err, want error }{
		{forbidden, forbidden},
		{apierrors.NewNotFound(resource, "p"), nil},
		{apierrors.NewBadRequest("the container waits to start"), nil},
	} {
		l := &logs{err: map[string]error{"p/c": tt.err}}
		r := newReader(Options{}, l, time.Now(), pod("p", "c", "dns"))
		if err := r.round(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%v: reported %v", tt.err, err)
		}
	}
}

// TestRunReports also proves that Run ends.
func TestRunReports(t *testing.T) {
	t.Parallel()
	reports := make(chan error, 1)
	broken := errors.New("the API server is down")
	r := NewReader(Options{Interval: time.Hour}, Source{
		Targets: func() ([]Target, error) { return nil, broken },
		Open:    (&logs{}).open, Stamp: PodStamp, Report: func(err error) { reports <- err },
	}, slog.New(slog.DiscardHandler), time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { r.Run(ctx); close(done) }()
	if err := <-reports; !errors.Is(err, broken) {
		t.Errorf("reported %v", err)
	}
	cancel()
	<-done
	if _, ok := r.State(); ok {
		t.Error("a round that failed counts as one")
	}
}

// TestNodesAreNamed reads a log of a node, which is remembered for an hour.
func TestNodesAreNamed(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 0, 0, 30, 0, time.UTC)
	l := &logs{text: map[string]string{"n1/kubelet": `-- Journal begins at Thu 2026-12-31 --
Dec 31 23:59:59.000001 n1 kubelet[7]: E1231 skipping pod synchronization - [PLEG is not healthy: pleg was last seen active 3m]
Jan  1 00:00:10.500000 n1 kubelet[7]: I0101 all is well
`}}
	silent := Target{Name: "n2", Node: "n2", Logs: map[string]string{}}
	targets := []Target{{Name: "n1", Node: "n1", Logs: map[string]string{"kubelet": "kubelet"}}, silent}
	r := NewReader(Options{}, Source{
		Targets: func() ([]Target, error) { return targets, nil },
		Open:    l.open, Stamp: JournalStamp, Report: func(error) {},
	}, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err := r.round(t.Context()); err != nil {
		t.Fatal(err)
	}
	key := Key{"n1", "kubelet", "pleg_unhealthy"}
	state, _ := r.State()
	if want := time.Date(2026, 12, 31, 23, 59, 59, 1000, time.UTC); !state.Seen[key].Equal(want) {
		t.Errorf("seen at %v, want %v", state.Seen[key], want)
	}
	if state.Unhealthy != 2 || state.LeftOut != 1 || state.Lines[Key{"", "kubelet", "pleg_unhealthy"}] != 1 {
		t.Errorf("state %+v", state)
	}
	l.err = map[string]error{"n1/kubelet": ErrNoLog}
	now = now.Add(2 * time.Hour)
	if err := r.round(t.Context()); err != nil {
		t.Errorf("a node that gives no log is told as a fault of all: %v", err)
	}
	if state, _ = r.State(); len(state.Seen) != 0 || state.LeftOut != 2 {
		t.Errorf("state %+v", state)
	}
}

func TestJournalStamp(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	at, message, ok := JournalStamp("Nov  5 11:59:58.250000 n1 kubelet[1]: hello", now)
	if want := time.Date(2026, 11, 5, 11, 59, 58, 250_000_000, time.UTC); !ok || !at.Equal(want) || message != " n1 kubelet[1]: hello" {
		t.Errorf("%v %q %v", at, message, ok)
	}
	for _, line := range []string{"", "-- No entries --", "options present and query resolved to log files", "Nov  5 11:59:58.250000"} {
		if _, _, ok := JournalStamp(line, now); ok {
			t.Errorf("%q passes for a line of a log", line)
		}
	}
}
