package authfilter

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/rest"
)

// apiServer answers reviews as a real one does, under a prefix, and counts them. What it
// is asked must be objects that the Go types of the API take to the last field.
type apiServer struct {
	t     *testing.T
	front *httptest.Server
	// held keeps requests that speak of holds until it is closed; nil for none.
	held  chan struct{}
	holds string

	mu      sync.Mutex
	tokens  map[string]string   // users
	rights  map[string][]string // paths, by user
	status  int                 // of all answers, unless it is 0
	reviews map[string]int
}

func newAPIServer(t *testing.T) *apiServer {
	a := &apiServer{t: t, tokens: map[string]string{"good": "prometheus", "poor": "nobody"}, rights: map[string][]string{"prometheus": {"/metrics"}}, reviews: map[string]int{}}
	a.front = httptest.NewServer(http.StripPrefix("/k8s/clusters/c1", a))
	t.Cleanup(func() {
		a.front.CloseClientConnections() // those that are held
		a.front.Close()
	})
	return a
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // until it is read, the server does not see that the client goes
	if err != nil {
		return
	}
	if a.held != nil && strings.Contains(string(body), a.holds) {
		select {
		case <-a.held:
		case <-r.Context().Done():
			return
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status != 0 {
		w.Header().Set("Location", a.front.URL)
		w.WriteHeader(a.status)
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var answer any
	switch r.URL.Path {
	case "/apis/authentication.k8s.io/v1/tokenreviews":
		var review authenticationv1.TokenReview
		if err := decoder.Decode(&review); err != nil || review.Kind != "TokenReview" {
			a.t.Errorf("%v of kind %q", err, review.Kind)
		}
		a.reviews["token"]++
		user, ok := a.tokens[review.Spec.Token]
		review.Status = authenticationv1.TokenReviewStatus{Authenticated: ok, User: authenticationv1.UserInfo{
			Username: user, Groups: []string{"system:authenticated"}, UID: "7", Extra: map[string]authenticationv1.ExtraValue{"a": {"b"}},
		}}
		if !ok {
			review.Status = authenticationv1.TokenReviewStatus{Error: "invalid bearer token"}
		}
		answer = review
	case "/apis/authorization.k8s.io/v1/subjectaccessreviews":
		var review authorizationv1.SubjectAccessReview
		if err := decoder.Decode(&review); err != nil || review.Kind != "SubjectAccessReview" || review.Spec.UID != "7" ||
			strings.Join(review.Spec.Groups, "") != "system:authenticated" || strings.Join(review.Spec.Extra["a"], "") != "b" {
			a.t.Errorf("%v, %+v", err, review)
		}
		a.reviews["access"]++
		asked := review.Spec.NonResourceAttributes
		for _, path := range a.rights[review.Spec.User] {
			prefix, whole := strings.CutSuffix(path, "*")
			if asked.Verb == "get" && (asked.Path == path || whole && strings.HasPrefix(asked.Path, prefix)) {
				review.Status.Allowed = true
			}
		}
		answer = review
	default:
		a.t.Errorf("asked for %s", r.URL.Path)
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(answer)
}

// set changes what it knows.
func (a *apiServer) set(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

// asked are the reviews since the last call.
func (a *apiServer) asked() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := maps.Clone(a.reviews)
	clear(a.reviews)
	return all
}

// clock is a time that tests move.
type clock struct{ past atomic.Int64 }

func (c *clock) now() time.Time        { return time.Unix(1e9, c.past.Load()) }
func (c *clock) sleep(d time.Duration) { c.past.Add(int64(d)) }

// filtered is a filter before a handler that says hello, its clock and its API server.
func filtered(t *testing.T) (http.Handler, *clock, *apiServer) {
	t.Helper()
	a, c := newAPIServer(t), &clock{}
	f, err := New(&rest.Config{Host: a.front.URL + "/k8s/clusters/c1"}, Options{
		Fresh: time.Minute, Grace: time.Hour, Namespace: "vitals", Now: c.now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	health := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "health") })
	return f.Wrap(hello, health), c, a
}

// get asks for a path with a token, if there is one.
func get(h http.Handler, path, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// wants fails unless the path is answered so.
func wants(t *testing.T, h http.Handler, path, token string, status int, says string) {
	t.Helper()
	if w := get(h, path, token); w.Code != status || !strings.Contains(w.Body.String(), says) {
		t.Errorf("%s with the token %q: %d %q, want %d %q", path, token, w.Code, w.Body, status, says)
	}
}

func TestWhoMayRead(t *testing.T) {
	t.Parallel()
	h, _, a := filtered(t)
	wants(t, h, "/metrics?name[]=up", "good", 200, "hello")
	wants(t, h, "/metrics", "", 401, "kubectl -n vitals create token kubevitals-reader")
	wants(t, h, "/metrics", "forged", 401, "the cluster does not know it")
	wants(t, h, "/metrics", "poor", 403, `"nobody" may not get /metrics`)
	wants(t, h, "/", "good", 403, `"prometheus" may not get /.`)
	wants(t, h, "/livez", "", 200, "health")
	wants(t, h, "/readyz", "forged", 200, "health")
	wants(t, h, "/livez/../metrics", "", 401, "token")
	if challenges := get(h, "/", "").Header().Values("WWW-Authenticate"); len(challenges) != 2 || !strings.HasPrefix(challenges[0], "Bearer ") || !strings.HasPrefix(challenges[1], "Basic ") {
		t.Errorf("challenges %q", challenges)
	}
	for name, change := range map[string]func(*http.Request){
		"a password":         func(r *http.Request) { r.SetBasicAuth("anybody", "good") },
		"a word in capitals": func(r *http.Request) { r.Header.Set("Authorization", "BEARER good") },
		"only the size":      func(r *http.Request) { r.Method = http.MethodHead; r.SetBasicAuth("", "good") },
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		change(r)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	r := httptest.NewRequest(http.MethodDelete, "/metrics", nil)
	r.Header.Set("Authorization", "Bearer good")
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusForbidden {
		t.Errorf("who may get may delete: %d", w.Code)
	}
	a.asked()
	for _, header := range []string{"", "Bearer", "Bearer ", "Basic !", "Negotiate good", "good"} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
			t.Errorf("%q: %d", header, w.Code)
		}
	}
	if n := a.asked(); len(n) > 0 {
		t.Errorf("the API server was asked about no token: %v", n)
	}
}

// TestFolders verifies that a page costs few reviews, and that a right to one file of a
// folder is one to that file.
func TestFolders(t *testing.T) {
	t.Parallel()
	h, _, a := filtered(t)
	a.rights["prometheus"] = []string{"/", "/static/*", "/runbooks/One"}
	wants(t, h, "/", "good", 200, "hello")
	for _, path := range []string{"/static/a.css", "/static/b.css", "/static/c.js"} {
		wants(t, h, path, "good", 200, "hello")
	}
	wants(t, h, "/runbooks/One", "good", 200, "hello")
	wants(t, h, "/runbooks/Two", "good", 403, "may not get /runbooks/Two")
	if n := a.asked(); n["token"] != 1 || n["access"] != 5 {
		t.Errorf("%v reviews, want one of the token, and five of /, both folders and two runbooks", n)
	}
}

// TestTokensHaveNoSpace verifies that one token has one name: API servers read the first
// word, and would know it under each of many.
func TestTokensHaveNoSpace(t *testing.T) {
	t.Parallel()
	h, _, a := filtered(t)
	a.tokens["good and more"], a.tokens["good\tmore"] = "prometheus", "prometheus"
	wants(t, h, "/metrics", "good and more", 401, "")
	wants(t, h, "/metrics", "good\tmore", 401, "")
	wants(t, h, "/metrics", " good ", 200, "hello")
	if n := a.asked(); n["token"] != 1 {
		t.Errorf("%v reviews", n)
	}
}

// TestFresh verifies for how long an answer holds, either way.
func TestFresh(t *testing.T) {
	t.Parallel()
	h, c, a := filtered(t)
	wants(t, h, "/metrics", "good", 200, "hello")
	wants(t, h, "/metrics", "late", 401, "")
	c.sleep(refusalLasts - time.Second)
	a.set(func() {
		a.tokens["late"], a.rights["nobody"] = "nobody", []string{"/metrics"}
		delete(a.tokens, "good")
	})
	wants(t, h, "/metrics", "late", 401, "")
	c.sleep(2 * time.Second)
	wants(t, h, "/metrics", "late", 200, "hello")
	c.sleep(time.Minute - refusalLasts - 2*time.Second)
	wants(t, h, "/metrics", "good", 200, "hello")
	if n := a.asked(); n["token"] != 3 || n["access"] != 2 {
		t.Errorf("%v reviews", n)
	}
	c.sleep(2 * time.Second)
	wants(t, h, "/metrics", "good", 401, "")
	// What was refused is not remembered as allowed, not even when nobody can be asked.
	a.set(func() { a.status = 500 })
	c.sleep(refusalLasts + time.Second)
	wants(t, h, "/metrics", "good", 503, "does not answer")
}
