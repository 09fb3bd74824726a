package faultproxy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]Kind{
		"/api/v1/nodes":                                                List,
		"/api/v1/nodes?limit=500":                                      List,
		"/api/v1/namespaces":                                           List,
		"/api/v1/namespaces/a/pods":                                    List,
		"/apis/apps/v1/namespaces/a/deployments":                       List,
		"/apis/apiregistration.k8s.io/v1/apiservices":                  List,
		"/api/v1/nodes?watch=true":                                     Watch,
		"/api/v1/nodes?watch=1&resourceVersion=5":                      Watch,
		"/api/v1/nodes?watch=true&sendInitialEvents=true":              WatchList,
		"/api/v1/nodes/a":                                              Other,
		"/api/v1/namespaces/a":                                         Other,
		"/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/a": Other,
		"/api/v1":  Other,
		"/apis":    Other,
		"/readyz":  Other,
		"/metrics": Other,
	} {
		if got := KindOf(httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)); got != want {
			t.Errorf("%s is %s, want %s", target, got, want)
		}
	}
	if got := KindOf(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/nodes", nil)); got != Other {
		t.Errorf("a creation is %s", got)
	}
}

// TestAnswers verifies what is answered in place of the server, and to whom.
func TestAnswers(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, p *path) {
		c := p.client()
		p.Break(
			Fault{Respond: RetryAfter(600), Requests: []Kind{List}},
			Fault{Respond: Status(http.StatusForbidden, metav1.StatusReasonForbidden), Requests: Watches()},
		)
		response, body, err := p.get(c, "/api/v1/nodes", soon)
		if err != nil || response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "600" {
			t.Errorf("a list: %v %v", response, err)
		}
		if !strings.Contains(body, `"reason":"TooManyRequests"`) || !strings.Contains(body, `"kind":"Status"`) {
			t.Errorf("a list: %s", body)
		}
		for _, query := range []string{"", "&sendInitialEvents=true"} {
			if response, _, err := p.get(c, "/api/v1/nodes?watch=true"+query, soon); err != nil || response.StatusCode != http.StatusForbidden {
				t.Errorf("a watch: %v %v", response, err)
			}
		}
		p.works(c)
		if err := p.Heal(); err != nil {
			t.Fatal(err)
		}
		p.Break(Fault{Respond: HTML})
		response, body, err = p.get(c, "/readyz", soon)
		if err != nil || response.StatusCode != http.StatusOK || !strings.HasPrefix(body, "<!doctype html>") {
			t.Errorf("a page: %v %q %v", response, body, err)
		}
	})
}

// TestHold verifies that held requests wait for the healing and then get their answer.
func TestHold(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, p *path) {
		c := p.client()
		p.Break(Fault{Hold: true})
		p.stalls(c)
		answered := make(chan string, 1)
		go func() {
			_, body, _ := p.get(c, "/held", soon)
			answered <- body
		}()
		wantSilence(t, answered)
		if err := p.Heal(); err != nil {
			t.Fatal(err)
		}
		wantLine(t, answered, "/held")
	})
}

// TestSilentServer verifies that the client takes the end of the server for no
// answer at all.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, p *path) {
		if err := p.SetUpstream("https://127.0.0.1:1"); err != nil {
			t.Fatal(err)
		}
		if response, _, err := p.get(p.client(), "/readyz", soon); err == nil {
			t.Errorf("got %s", response.Status)
		}
	})
}
