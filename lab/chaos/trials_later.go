package chaos

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kubevitals/kubevitals/lab/chaos/faultproxy"
	"github.com/kubevitals/kubevitals/lab/valve"
)

// laterTrials were thought of after what keeps the promise had been written, to see
// what it does about faults that it was not made for.
func laterTrials() []Trial {
	late := func(faultproxy.Event) faultproxy.Passage {
		time.Sleep(eventDelay)
		return faultproxy.PassOn
	}
	return []Trial{
		{Name: "etcd-frozen", What: "the way from an API server to its etcd stalls; other API servers write on",
			prepare: behindValve,
			breaks:  func(_ context.Context, s *stage) error { s.valve.Shut(); return nil },
			heals:   func(_ context.Context, s *stage) error { s.valve.Open(); return nil }},
		{Name: "stopped", What: "kubevitals itself is stopped (SIGSTOP) and goes on at the end, as after a machine was suspended", Mute: true,
			breaks: func(_ context.Context, s *stage) error { return s.subjects[0].cmd.Process.Signal(syscall.SIGSTOP) },
			heals:  func(_ context.Context, s *stage) error { return s.subjects[0].cmd.Process.Signal(syscall.SIGCONT) }},
		// It can accept no connection, once that of the scraper is closed: up is 0 then.
		{Name: "no-descriptors", What: "kubevitals may open no more files, and its connections are reset", Mute: true,
			breaks: func(_ context.Context, s *stage) error {
				defer s.proxy.Cut(faultproxy.ResetAll)
				return s.limitDescriptors(1)
			},
			heals: func(_ context.Context, s *stage) error { return s.limitDescriptors(1 << 16) }},
		proxied("events-late", "each event of a watch takes 4 s, one after the other", faultproxy.Fault{Event: late}),
		proxied("events-dropped", "a proxy drops what changed from watches, and lets bookmarks pass", faultproxy.Fault{Event: withoutChanges}).
			unknowable("each bookmark says that nothing was missed"),
		proxied("cache-stands-still", "watches come from a cache that follows etcd no more: no change, and each bookmark has the version that was asked for",
			faultproxy.Fault{Event: faultproxy.StandingStill}),
		proxied("lists-from-cache", "watches are refused, and a cache answers lists with what it saw first",
			faultproxy.Fault{Respond: faultproxy.Status(http.StatusForbidden, metav1.StatusReasonForbidden), Requests: faultproxy.Watches(), Cut: faultproxy.ResetAll},
			faultproxy.Fault{Whole: firstAnswers(), Requests: []faultproxy.Kind{faultproxy.List}}),
	}
}

// eventDelay is less than what is late for the end of a watch.
const eventDelay = 4 * time.Second

// withoutChanges lets only lists and bookmarks pass.
func withoutChanges(e faultproxy.Event) faultproxy.Passage {
	if e.Initial || e.Type == watch.Bookmark || e.Type == "" {
		return faultproxy.PassOn
	}
	return faultproxy.Drop
}

// firstAnswers gives of each list, told apart by its beginning, what it was at first.
func firstAnswers() func(contentType string, body []byte) []byte {
	const beginning = 40 // the kind is in it
	var mu sync.Mutex
	seen := map[string][]byte{}
	return func(_ string, body []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		key := string(body[:min(beginning, len(body))])
		if seen[key] == nil {
			seen[key] = bytes.Clone(body)
		}
		return seen[key]
	}
}

// behindValve gives the trial an API server that reaches the cluster's etcd by a valve.
func behindValve(ctx context.Context, s *stage) error {
	var err error
	if s.valve, err = valve.Start(ctx, strings.TrimPrefix(s.campaign.cluster.EtcdURL(), "http://")); err != nil {
		return err
	}
	s.atEnd(s.valve.Close)
	if s.second, err = s.campaign.cluster.StartAPIServer(ctx, s.trial.Name, "http://"+s.valve.Address()); err != nil {
		return err
	}
	s.atEnd(s.second.Process.Kill)
	s.server = s.second.URL
	return nil
}

// limitDescriptors bounds the files that the program under test may open.
func (s *stage) limitDescriptors(n uint64) error {
	pid := s.subjects[0].cmd.Process.Pid
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &limit); err != nil {
		return fmt.Errorf("limits of the program under test: %w", err)
	}
	limit.Cur = min(n, limit.Max)
	return unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil)
}
