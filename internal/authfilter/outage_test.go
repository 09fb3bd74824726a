package authfilter

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestOutage verifies who is let in while the API server cannot be asked: who was before,
// for as long as that is remembered, and nobody else; whatever it is that it cannot.
func TestOutage(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*apiServer){
		"it is gone":                   func(a *apiServer) { a.front.Close() },
		"it cannot":                    func(a *apiServer) { a.set(func() { a.status = http.StatusInternalServerError }) },
		"it does not know kubevitals":  func(a *apiServer) { a.set(func() { a.status = http.StatusUnauthorized }) },
		"it sends elsewhere":           func(a *apiServer) { a.set(func() { a.status = http.StatusTemporaryRedirect }) },
		"it is busy":                   func(a *apiServer) { a.set(func() { a.status = http.StatusTooManyRequests }) },
		"something else answers there": func(a *apiServer) { a.set(func() { a.status = http.StatusNoContent }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, c, a := filtered(t)
			a.rights["prometheus"] = []string{"/", "/metrics", "/runbooks/*"}
			wants(t, h, "/metrics", "good", 200, "hello")
			wants(t, h, "/", "good", 200, "hello")
			wants(t, h, "/metrics", "poor", 403, "")
			eventuallyKnown(t, a, 6)
			begin(a)
			for range 59 {
				c.sleep(time.Minute)
				wants(t, h, "/metrics", "good", 200, "hello")
			}
			// That of a page that nobody opened before, whose folder was asked for ahead.
			wants(t, h, "/runbooks/One", "good", 200, "hello")
			wants(t, h, "/metrics", "stranger", 503, "does not answer. Who was let in within the last 1h0m0s")
			wants(t, h, "/metrics", "poor", 503, "")
			wants(t, h, "/debug", "good", 503, "")
			wants(t, h, "/metrics", "", 401, "")
			c.sleep(2 * time.Minute)
			wants(t, h, "/metrics", "good", 503, "")
			if w := get(h, "/metrics", "good"); w.Header().Get("Retry-After") == "" {
				t.Error("nothing says when to come again")
			}
		})
	}
}

// eventuallyKnown waits until so many reviews were made in all: some are made ahead.
func eventuallyKnown(t *testing.T, a *apiServer, want int) {
	t.Helper()
	n := 0
	for range 600 {
		for _, more := range a.asked() {
			n += more
		}
		if n >= want {
			time.Sleep(50 * time.Millisecond) // until the answer has arrived
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%d reviews, want %d", n, want)
}

// TestHangs verifies that an API server that takes requests and never answers costs who was
// let in before a moment, and then none.
func TestHangs(t *testing.T) {
	t.Parallel()
	h, c, a := filtered(t)
	wants(t, h, "/metrics", "good", 200, "hello")
	a.held = make(chan struct{}) // never closed
	c.sleep(2 * time.Minute)
	wants(t, h, "/metrics", "good", 200, "hello")
	began := time.Now()
	for range 100 {
		wants(t, h, "/metrics", "good", 200, "hello")
	}
	if took := time.Since(began); took > graceWait*50 {
		t.Errorf("a hundred requests took %s", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil)
	r.Header.Set("Authorization", "Bearer stranger")
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusServiceUnavailable {
		t.Errorf("who has gone gets %d", w.Code)
	}
}

// TestGoneBeforeTheOutage verifies that a token of which the API server said that it is no
// more is let in nowhere afterwards, when nobody can be asked.
func TestGoneBeforeTheOutage(t *testing.T) {
	t.Parallel()
	h, c, a := filtered(t)
	a.rights["prometheus"] = []string{"/", "/metrics"}
	wants(t, h, "/metrics", "good", 200, "hello")
	wants(t, h, "/", "good", 200, "hello")
	eventuallyKnown(t, a, 5)
	a.set(func() { delete(a.tokens, "good") })
	c.sleep(time.Minute + time.Second)
	wants(t, h, "/", "good", 401, "")
	a.set(func() { a.status = http.StatusInternalServerError })
	c.sleep(refusalLasts + time.Second)
	wants(t, h, "/metrics", "good", 503, "does not answer")
	// One that is known again is as good as before.
	a.set(func() { a.status, a.tokens["good"] = 0, "prometheus" })
	wants(t, h, "/metrics", "good", 200, "hello")
	a.set(func() { a.status = http.StatusInternalServerError })
	c.sleep(2 * time.Minute)
	wants(t, h, "/metrics", "good", 200, "hello")
}

// TestStrangersFail verifies that the API server does not seem to be down because of what a
// stranger presents: who was let in before is asked about all the same.
func TestStrangersFail(t *testing.T) {
	t.Parallel()
	h, c, a := filtered(t)
	wants(t, h, "/metrics", "good", 200, "hello")
	c.sleep(2 * time.Minute)
	a.set(func() { a.status = http.StatusInternalServerError })
	wants(t, h, "/metrics", "stranger", 503, "")
	before := a.asked()["token"]
	a.set(func() { a.status = 0 })
	wants(t, h, "/metrics", "good", 200, "hello")
	eventuallyKnown(t, a, before+1)
}

// TestOneReviewForAll verifies that those who ask the same at the same time are one
// question.
func TestOneReviewForAll(t *testing.T) {
	t.Parallel()
	h, _, a := filtered(t)
	a.held = make(chan struct{})
	var wait sync.WaitGroup
	var ok atomic.Int32
	for range 1000 {
		wait.Go(func() {
			if get(h, "/metrics", "good").Code == http.StatusOK {
				ok.Add(1)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	close(a.held)
	wait.Wait()
	if n := a.asked(); ok.Load() != 1000 || n["token"] != 1 || n["access"] != 1 {
		t.Errorf("%d of 1000 were let in, and %v reviews", ok.Load(), n)
	}
}

// TestNoRight verifies that it is said what kubevitals lacks.
func TestNoRight(t *testing.T) {
	t.Parallel()
	h, _, a := filtered(t)
	a.status = http.StatusForbidden
	wants(t, h, "/metrics", "good", 503, "no right to create tokenreviews. The ClusterRole kubevitals-auth")
}

// TestFlood verifies that tokens that nobody knows are bounded in what they cost, and cost
// those who are known nothing: they are asked about all the same, so that a token that was
// revoked is found out.
func TestFlood(t *testing.T) {
	t.Parallel()
	h, c, a := filtered(t)
	wants(t, h, "/metrics", "good", 200, "hello")
	var wait sync.WaitGroup
	var busy, refused atomic.Int32
	a.held, a.holds = make(chan struct{}), "junk-"
	for i := range 2000 {
		wait.Go(func() {
			switch get(h, "/metrics", fmt.Sprint("junk-", i)).Code {
			case http.StatusServiceUnavailable:
				busy.Add(1)
			case http.StatusUnauthorized:
				refused.Add(1)
			}
		})
	}
	for busy.Load() < 1000 {
		time.Sleep(10 * time.Millisecond)
	}
	wants(t, h, "/metrics", "good", 200, "hello")
	a.set(func() { delete(a.tokens, "good") })
	c.sleep(2 * time.Minute)
	// A machine that stalls for longer than is waited for lets him in once more.
	for range 30 {
		if get(h, "/metrics", "good").Code != http.StatusOK {
			break
		}
		c.sleep(retryAfter + time.Second)
	}
	wants(t, h, "/metrics", "good", 401, "")
	close(a.held)
	wait.Wait()
	if refused.Load()+busy.Load() != 2000 || refused.Load() > 2*decisionsPerSecond+2*decisionsAtOnce || refused.Load() == 0 {
		t.Errorf("%d strangers are refused and %d told to come again", refused.Load(), busy.Load())
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m := newMemory[int](3)
	for i := range 5 {
		m.put(keyOf(fmt.Sprint(i), "", ""), i)
		m.put(keyOf("kept", "", ""), i)
	}
	m.drop(keyOf("4", "", ""))
	got := map[string]bool{}
	for _, name := range []string{"0", "1", "2", "3", "4", "kept"} {
		_, got[name] = m.get(keyOf(name, "", ""))
	}
	if len(m.held) != 2 || !got["3"] || !got["kept"] {
		t.Errorf("%d are held: %v", len(m.held), got)
	}
}
