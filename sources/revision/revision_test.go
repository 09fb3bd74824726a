package revision

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// round is one observation, ten seconds after the one before.
type round struct {
	name            string
	server, store   string
	cached, written uint64
	tooLarge        bool
	// restarted makes another process, which knows only what was saved.
	restarted, withoutFile bool

	rewound, ahead bool
	lag            time.Duration
}

func play(t *testing.T, rounds []round) {
	t.Helper()
	tracker := New()
	file := filepath.Join(t.TempDir(), "mark.json")
	for i, r := range rounds {
		now := noon.Add(time.Duration(i) * 10 * time.Second)
		if r.restarted {
			tracker = New()
			if !r.withoutFile {
				if err := tracker.Load(file); err != nil {
					t.Fatal(err)
				}
			}
		}
		if r.server == "" {
			r.server = "one"
		}
		if r.store == "" {
			r.store = "cluster-a"
		}
		tracker.Observe(Observation{
			Server: r.server, Store: r.store, At: now, Mark: tracker.Mark(),
			Cached: r.cached, Written: r.written, TooLarge: r.tooLarge,
		})
		if err := tracker.Save(file); err != nil {
			t.Fatal(err)
		}
		s := tracker.State(now, time.Minute)
		got := s.Servers[r.server]
		if s.Rewound != r.rewound || got.Ahead != r.ahead || got.Lag != r.lag || got.TooLarge != r.tooLarge {
			t.Fatalf("%s: rewound %v, ahead %v, lag %v, too large %v; want %v, %v, %v, %v",
				r.name, s.Rewound, got.Ahead, got.Lag, got.TooLarge, r.rewound, r.ahead, r.lag, r.tooLarge)
		}
	}
}

func TestTracker(t *testing.T) {
	t.Parallel()
	for name, rounds := range map[string][]round{
		"a healthy cluster": {
			{name: "first", cached: 90, written: 100},
			{name: "idle: the cache shows our own last write", cached: 100, written: 101},
			{name: "busy", cached: 150, written: 200},
			{name: "the cache cannot be read", written: 210},
			{name: "kubevitals restarts", cached: 210, written: 220, restarted: true},
			{name: "and without its file", cached: 220, written: 230, restarted: true, withoutFile: true},
		},
		"restored under a running API server": {
			{name: "before", cached: 900, written: 1000},
			{name: "its cache is frozen", cached: 1000, written: 500, rewound: true, ahead: true},
			{name: "it stays so", cached: 1000, written: 501, rewound: true, ahead: true},
			{name: "the API server is restarted", cached: 501, written: 502, rewound: true},
			{name: "clients with older objects are refused", cached: 502, written: 503, rewound: true, tooLarge: true},
			{name: "just below the mark", cached: 503, written: 999, rewound: true},
			{name: "past the mark", cached: 999, written: 1001},
		},
		"restored while kubevitals was down": {
			{name: "before", cached: 900, written: 1000},
			{name: "the file tells", cached: 499, written: 500, restarted: true, rewound: true},
		},
		"restored while kubevitals was down, and it has no file": {
			{name: "before", cached: 900, written: 1000},
			{name: "an old cache tells", cached: 1000, written: 500, restarted: true, withoutFile: true, rewound: true, ahead: true},
			{name: "and the mark is back", cached: 501, written: 502, rewound: true},
		},
		"one of two API servers is restarted": {
			{name: "one", cached: 900, written: 1000},
			{name: "two", server: "two", cached: 1000, written: 1001},
			{name: "one after the restore", cached: 1001, written: 500, rewound: true, ahead: true},
			{name: "two was restarted", server: "two", cached: 500, written: 501, rewound: true},
			{name: "one was not", cached: 1001, written: 502, rewound: true, ahead: true},
		},
		"a second restore": {
			{name: "before", cached: 900, written: 1000},
			{name: "the first", cached: 499, written: 500, rewound: true},
			{name: "the mark is passed", cached: 500, written: 1100},
			{name: "the second", cached: 299, written: 300, rewound: true},
		},
		"a cluster made anew": {
			{name: "before", cached: 900, written: 1000},
			{name: "another cluster", store: "cluster-b", cached: 5, written: 6},
			{name: "and on", store: "cluster-b", cached: 6, written: 7},
		},
		"a cache that lags": {
			{name: "fresh", cached: 100, written: 101},
			{name: "lacks nothing", cached: 101, written: 110},
			{name: "lacks the last write", cached: 101, written: 120, lag: 10 * time.Second},
			{name: "hangs", cached: 101, written: 130, lag: 20 * time.Second},
			{name: "catches up", cached: 130, written: 140},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, rounds)
		})
	}
}

func TestRewindIsDatedWhereItBegan(t *testing.T) {
	t.Parallel()
	tracker := New()
	observe := func(after time.Duration, written uint64) State {
		now := noon.Add(after)
		tracker.Observe(Observation{Server: "one", Store: "a", At: now, Mark: tracker.Mark(), Written: written})
		return tracker.State(now, time.Minute)
	}
	if s := observe(0, 1000); !s.RewoundAt.IsZero() || s.Mark != 1000 {
		t.Errorf("%+v", s)
	}
	for i := range 5 {
		if s := observe(time.Duration(i+1)*time.Minute, 500+uint64(i)); !s.RewoundAt.Equal(noon.Add(time.Minute)) || s.Mark != 1000 {
			t.Errorf("round %d: %+v", i, s)
		}
	}
	if s := observe(time.Hour, 1001); s.Rewound || !s.RewoundAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("past the mark: %+v; components that were not restarted are still to be told", s)
	}
}

func TestStateForgets(t *testing.T) {
	t.Parallel()
	tracker := New()
	tracker.Observe(Observation{Server: "one", Store: "a", At: noon, Written: 5})
	tracker.Observe(Observation{Server: "two", Store: "a", At: noon.Add(time.Minute), Written: 6})
	if s := tracker.State(noon.Add(time.Minute), 30*time.Second); len(s.Servers) != 1 || s.Servers["two"].Written != 6 {
		t.Errorf("%+v", s)
	}
	tracker.Forget("two")
	if s := tracker.State(noon, time.Hour); len(s.Servers) != 1 || s.Servers["one"].Rounds != 1 {
		t.Errorf("%+v", s)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mark.json")
	if err := New().Load(file); err != nil {
		t.Errorf("no file: %v", err)
	}
	for _, damaged := range []string{"{", "", "\x00\xffrandom", "5", `{"mark":9223372036854775806}`} {
		if err := os.WriteFile(file, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		tracker := New()
		if err := tracker.Load(file); err == nil || !strings.Contains(err.Error(), file) || !tracker.State(noon, time.Hour).Damaged {
			t.Errorf("a file that holds %q: %v, want its name, and to be told", damaged, err)
		}
		if kept, err := os.ReadFile(file + damagedSuffix); err != nil || string(kept) != damaged {
			t.Errorf("set aside: %q, %v, want %q", kept, err, damaged)
		}
		if err := New().Load(file); err != nil {
			t.Errorf("the next start: %v", err)
		}
	}
	if err := New().Save(filepath.Join(file, "below-a-file")); err == nil {
		t.Error("saved where there is no folder")
	}
	tracker := New()
	tracker.Observe(Observation{Server: "one", Store: "a", At: noon, Written: 5})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tracker.Keep(ctx, file, time.Hour, func(err error) {
		if err != nil {
			t.Error(err)
		}
	})
	failed := 0
	New().Keep(ctx, filepath.Join(file, "below-a-file"), time.Hour, func(err error) {
		if err != nil {
			failed++
		}
	})
	if failed == 0 {
		t.Error("that the mark cannot be saved is not told")
	}
	again := New()
	if err := again.Load(file); err != nil || again.Mark() != 5 {
		t.Errorf("mark %d after a restart, %v", again.Mark(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".mark-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestKeepTriesAgain verifies that a file which could not be written is written as soon as
// it can be, also if there is nothing new.
func TestKeepTriesAgain(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "later")
	ctx, cancel := context.WithCancel(t.Context())
	failed := false
	New().Keep(ctx, filepath.Join(folder, "mark.json"), time.Millisecond, func(err error) {
		switch {
		case err != nil && !failed:
			failed = true
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Error(err)
				cancel()
			}
		case err == nil:
			cancel()
		}
	})
	if !failed {
		t.Error("a folder that is absent was written to")
	}
	if _, err := os.Stat(filepath.Join(folder, "mark.json")); err != nil {
		t.Error(err)
	}
}
