// Package authfilter lets those read who may by the cluster's own rights: the API server
// says whose token a request bears, and whether he may get the path.
package authfilter

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/sync/singleflight"
	"k8s.io/client-go/rest"
)

// Options say for how long an answer of the API server holds.
type Options struct {
	// Fresh is for how long who was let in is not asked about again: what he has lost
	// meanwhile, he can read until then.
	Fresh time.Duration
	// Grace is for how long, since the API server last said yes, he is let in while it does
	// not answer. 0 means never.
	Grace time.Duration
	// Namespace is that of kubevitals, as answers name it.
	Namespace string
	Now       func() time.Time
	Logger    *slog.Logger
}

// The bounds of the filter.
const (
	// refusalLasts is short: who was just given a right wants to use it.
	refusalLasts = 10 * time.Second
	// reviewTimeout bounds what the API server may take for both answers.
	reviewTimeout = 10 * time.Second
	// graceWait is for how long somebody who was let in before waits for it: a scrape has
	// ten seconds in all.
	graceWait = 2 * time.Second
	// retryAfter is for how long nobody waits for it again who was let in before.
	retryAfter = 10 * time.Second
	// mostRemembered bounds each memory; who was refused does not push out who was let in.
	mostRemembered = 2048
)

// Filter asks the API server who may read. It is safe for concurrent use.
type Filter struct {
	options  Options
	reviewer *reviewer

	flights          singleflight.Group
	known, strangers lane
	people           *memory[identity]
	allowed, refused *memory[verdict]
	// gone are tokens that were known and are no more: what was allowed with them before
	// is worth nothing, on whichever path.
	gone *memory[struct{}]

	mu     sync.Mutex
	failed time.Time // when it last could not be asked; zero once it could
	told   bool      // that it cannot be asked was told
}

// New returns a filter that asks the API server of the configuration, whose credentials
// must allow to create TokenReviews and SubjectAccessReviews. It is not contacted.
func New(config *rest.Config, o Options) (*Filter, error) {
	r, err := newReviewer(config)
	if err != nil {
		return nil, fmt.Errorf("client for reviews: %w", err)
	}
	return &Filter{
		options: o, reviewer: r, known: newLane(), strangers: newLane(),
		people: newMemory[identity](mostRemembered), gone: newMemory[struct{}](mostRemembered), allowed: newMemory[verdict](mostRemembered), refused: newMemory[verdict](mostRemembered),
	}, nil
}

// verdict is what became of a request to get a path with a token.
type verdict struct {
	status int // 200, 401 or 403
	user   string
	asked  time.Time // when the API server was asked for the first of its answers
}

// Wrap returns a handler that answers 401 to requests without a token that the API server
// knows, 403 to those whose user may not get the path, and 503 where it could not be
// asked. /livez and /readyz are answered by health for whoever asks, as kubelets do.
func (f *Filter) Wrap(next, health http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/livez" || r.URL.Path == "/readyz" {
			health.ServeHTTP(w, r)
			return
		}
		token := tokenOf(r)
		if token == "" {
			f.refuse(w, r, verdict{status: http.StatusUnauthorized})
			return
		}
		v, err := f.decide(r.Context(), token, verbOf(r.Method), r.URL.Path)
		switch {
		case err != nil:
			w.Header().Set("Retry-After", "10")
			http.Error(w, f.why(err), http.StatusServiceUnavailable)
		case v.status != http.StatusOK:
			f.refuse(w, r, v)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// tokenOf is the token of a request: a bearer's, or the password that a browser asks for.
// What has space in it is none: API servers read the first word, so that one token would be
// remembered under any number of names.
func tokenOf(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		_, token, _ = r.BasicAuth()
	}
	if token = strings.TrimSpace(token); strings.ContainsFunc(token, unicode.IsSpace) {
		return ""
	}
	return token
}

// verbOf is the verb of RBAC: what may be got, its size may be, too.
func verbOf(method string) string {
	if method == http.MethodHead {
		return "get"
	}
	return strings.ToLower(method)
}
