package health

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestWatchesThatStandStill verifies when a source is listed anew, and when it is not
// available any more, because bookmarks do not come to what the resource is at.
func TestWatchesThatStandStill(t *testing.T) {
	t.Parallel()
	asked := func(from string) int { n, _ := strconv.Atoi(from); return n }
	for name, tt := range map[string]struct {
		// prepare changes a server whose caches tell of progress.
		prepare func(s *cachedServer)
		// lists are how many lists of the latest version are made from the fault on, at
		// the least and the most, in five minutes.
		lists [2]int64
		told  bool
	}{
		"progress is told": {prepare: func(*cachedServer) {}},
		"no progress is told": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark = asked
		}},
		"no progress is told, and lists take long": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark, s.slow = asked, 5*time.Second
		}},
		"a cache stands still": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			stood := s.revisionAt(faultAt)
			s.bookmark = func(from string) int { return max(min(s.revision(), stood), asked(from)) }
			s.list = func(o metav1.ListOptions) int {
				if o.ResourceVersion == "" {
					return s.revision()
				}
				return min(s.revision(), stood)
			}
		}},
		"lists stand still, too": {lists: [2]int64{10, 200}, told: true, prepare: func(s *cachedServer) {
			stood := s.revisionAt(faultAt)
			s.bookmark = func(string) int { return min(s.revision(), stood) }
			s.list = func(metav1.ListOptions) int { return min(s.revision(), stood) }
		}},
		"bookmarks have no version": {lists: [2]int64{5, 20}, prepare: func(s *cachedServer) {
			s.bookmark = func(string) int {
				if time.Since(s.begun) < faultAt {
					return s.revision()
				}
				return 0
			}
		}},
		"watches end soon": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark, s.cut = asked, 300*time.Millisecond
		}},
		"watches bring nothing": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.mute = true
		}},
		"watches bring nothing, and there is no cache": {lists: [2]int64{0, maxDoubts}, prepare: func(s *cachedServer) {
			s.mute, s.uncached = true, true
		}},
		"an API server without any cache": {lists: [2]int64{0, 0}, prepare: func(s *cachedServer) {
			s.bare = true
		}},
		"watches bring nothing of an API server without any cache": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bare, s.mute = true, true
		}},
		"watches bring nothing and end at once": {lists: [2]int64{60, 200}, prepare: func(s *cachedServer) {
			s.mute, s.cut = true, 300*time.Millisecond
			s.list = func(o metav1.ListOptions) int {
				if o.ResourceVersion != "" && o.ResourceVersion != "0" {
					t.Error("a list of any version, which a cache that stands still has")
				}
				return s.revision()
			}
		}},
		"bookmarks are a little ahead": {lists: [2]int64{8, 20}, prepare: func(s *cachedServer) {
			s.bookmark = func(string) int {
				if time.Since(s.begun) < faultAt {
					return s.revision()
				}
				return s.revision() + 90
			}
		}},
		"watches end soon, with progress": {prepare: func(s *cachedServer) {
			s.cut = 4 * time.Second
		}},
		"an old event instead of bookmarks": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark, s.old = asked, true
		}},
		"a new event instead of bookmarks": {lists: [2]int64{0, 1}, prepare: func(s *cachedServer) {
			s.old = true
		}},
		"the question fails": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark = asked
			s.latest = func(context.Context) (string, error) {
				if time.Since(s.begun) < faultAt {
					return strconv.Itoa(s.revision()), nil
				}
				return "", apierrors.NewInternalError(errors.New("etcdserver: no leader"))
			}
		}},
		"the question fails, and progress is told": {prepare: func(s *cachedServer) {
			s.latest = func(context.Context) (string, error) { return "", context.DeadlineExceeded }
		}},
		"the question is answered late": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark = asked
			s.latest = func(ctx context.Context) (string, error) {
				sleep(ctx, askFor-300*time.Millisecond)
				return strconv.Itoa(s.revision()), ctx.Err()
			}
		}},
		"the answer has no version": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark = asked
			s.latest = func(context.Context) (string, error) { return "", nil }
		}},
		"nothing moves at all": {prepare: func(s *cachedServer) {
			s.revision = func() int { return 1000 }
		}},
		"etcd went back": {lists: [2]int64{0, 2}, prepare: func(s *cachedServer) {
			forth := s.revision
			s.revision = func() int {
				if time.Since(s.begun) < faultAt {
					return forth()
				}
				return forth() - 100
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &cachedServer{begun: time.Now()}
				s.revision = func() int { return s.revisionAt(time.Since(s.begun)) }
				s.bookmark = func(string) int { return s.revision() }
				s.list = func(metav1.ListOptions) int { return s.revision() }
				s.latest = func(context.Context) (string, error) { return strconv.Itoa(s.revision()), nil }
				tt.prepare(s)
				_, v := followTarget(t, Target{ListWatch: s.listWatch(), Latest: s.latest, Uncached: s.uncached})
				time.Sleep(faultAt)
				before := s.exact.Load()
				var told time.Duration
				for at := time.Duration(0); at < 5*time.Minute; at += time.Second {
					_, err := v.List()
					if err != nil && told == 0 {
						told = at
					}
					if told > 0 && err == nil {
						t.Fatalf("%s into the fault it counts as good", at)
					}
					time.Sleep(time.Second)
				}
				if lists := s.exact.Load() - before; lists < tt.lists[0] || lists > tt.lists[1] {
					t.Errorf("%d lists of the latest version, want %d", lists, tt.lists)
				}
				if n := s.unpaged.Load(); n > 0 {
					t.Errorf("%d lists that etcd may have to answer in one piece", n)
				}
				if (told > 0) != tt.told || told > 30*time.Second {
					t.Errorf("told after %s", told)
				}
			})
		})
	}
}

// TestListsOfAnotherTime verifies which lists are taken, of those that are older than what
// was seen, or further on than is usual.
func TestListsOfAnotherTime(t *testing.T) {
	t.Parallel()
	silent := errors.New("no answer")
	for name, tt := range map[string]struct {
		list, latest string // empty is no answer
		want         Reason
	}{
		"the version that was seen":                          {"100", "", Available},
		"a little more":                                      {"150", "", Available},
		"older, and so is the resource":                      {"90", "95", Available},
		"older than the resource":                            {"90", "110", Stale},
		"older, and the resource does not tell":              {"90", "", Failed},
		"a leap, and so did the resource":                    {"5000", "5001", Available},
		"a leap ahead of the resource":                       {"5000", "150", Invalid},
		"a leap, and the resource does not tell":             {"5000", "", Available},
		"more than there can be":                             {"9007199254740991", "150", Invalid},
		"a restore that added to all versions":               {"1000000100", "1000000200", Available},
		"more than there can be, and it is not told whether": {"1000000100", "", Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &past{}
			p.horizon.latest = func(context.Context) (string, error) {
				if tt.latest == "" {
					return "", silent
				}
				return tt.latest, nil
			}
			p.horizon.set("90", true)
			p.saw("100")
			err := p.whole(t.Context(), metav1.ListOptions{}, tt.list)
			if got := Classify(err); got != tt.want {
				t.Fatalf("%s: %v, want %s", got, err, tt.want)
			}
			if err == nil && p.seen() != tt.list {
				t.Errorf("the highest version seen is %s, want %s", p.seen(), tt.list)
			}
		})
	}
}

// TestVersionsThatAreTimes verifies that versions may be times, as on GKE, where they are
// nanoseconds: they grow by what time does, and no more.
func TestVersionsThatAreTimes(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func(time.Time) int64{
		"nanoseconds":  time.Time.UnixNano,
		"microseconds": time.Time.UnixMicro,
		"milliseconds": time.Time.UnixMilli,
		"rows of CockroachDB": func(at time.Time) int64 {
			return at.Sub(time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)).Microseconds() / 10 << 15
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
			version := func(at time.Time) string { return strconv.FormatInt(of(at), 10) }
			h := horizon{latest: func(context.Context) (string, error) { return version(time.Now()), nil }}
			h.set(version(time.Now()), true)
			for range 10 {
				time.Sleep(18 * time.Second)
				if err := h.ahead(t.Context(), version(time.Now())); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if err := h.listed(t.Context(), metav1.ListOptions{}, version(time.Now()), h.had()); err != nil {
				t.Errorf("%s: list: %v", name, err)
			}
			if h.leaps(version(time.Now().Add(time.Minute))) {
				t.Errorf("%s: asks at each bookmark", name)
			}
			if err := h.beyond(version(time.Now().Add(300 * 24 * time.Hour))); err == nil && name != "milliseconds" {
				t.Errorf("%s: a version of next year is taken", name)
			}
		})
	}
}
