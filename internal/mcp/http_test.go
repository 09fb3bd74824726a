package mcp_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kubevitals/kubevitals/internal/mcp"
)

// asked sends a body with headers, and returns the status and the answer.
func asked(h http.Handler, method, body string, headers ...string) (int, string) {
	r := httptest.NewRequest(method, "/mcp", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// TestHTTP verifies with what each kind of request is answered: what is refused never
// reaches a tool.
func TestHTTP(t *testing.T) {
	t.Parallel()
	looked := 0
	l := looks(&looked)
	l.Dump, l.Fresh = nil, 0
	h := (&mcp.Server{Version: "v1", Tools: mcp.Tools(l)}).Handler()
	const incidents = `{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "incidents"}}`
	for _, c := range []struct {
		what, method, body, says string
		status                   int
		headers                  []string
	}{
		{"hello", "POST", `{"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}}`, `"protocolVersion":"2025-06-18"`, 200, nil},
		{"a notification", "POST", `{"method": "notifications/initialized"}`, "", 202, nil},
		{"a version", "POST", `{"id": 1, "method": "ping"}`, `"result"`, 200, []string{"MCP-Protocol-Version", "2025-06-18"}},
		{"an unknown version", "POST", incidents, "is not spoken", 400, []string{"MCP-Protocol-Version", "1999-01-01"}},
		{"a page of a browser", "POST", incidents, "Origin", 403, []string{"Origin", "http://example.com"}},
		{"a sandboxed page", "POST", incidents, "Origin", 403, []string{"Origin", "null"}},
		{"a form", "POST", incidents, "application/json", 415, []string{"Content-Type", "text/plain"}},
		{"a stream", "GET", "", "by POST", 405, nil},
		{"the end of a session", "DELETE", "", "by POST", 405, nil},
		{"no JSON", "POST", "{", "no JSON", 400, nil},
		{"a batch", "POST", "[" + incidents + "]", "no request", 400, nil},
		{"nothing", "POST", "null", "no request", 400, nil},
		{"a request for nothing", "POST", `{"id": 1}`, "no request", 400, nil},
		{"an object for an ID", "POST", `{"id": {"a": 1}, "method": "ping"}`, "no request", 400, nil},
		{"null for an ID", "POST", `{"id": null, "method": "ping"}`, "no request", 400, nil},
		{"an ID that is no text", "POST", "{\"id\": \"\xff\", \"method\": \"ping\"}", "no JSON", 400, nil},
		{"an answer to nothing", "POST", `{"id": 1, "result": {}}`, "", 202, nil},
		{"too long", "POST", `{"id": 1, "method": "` + strings.Repeat("x", 64<<10) + `"}`, "too long", 413, nil},
		{"files of the machine", "POST", `{"id": 1, "method": "tools/call", "params": {"name": "check_dump", "arguments": {"path": "/"}}}`, "there is no tool check_dump", 200, nil},
	} {
		if status, answer := asked(h, c.method, c.body, c.headers...); status != c.status || !strings.Contains(answer, c.says) {
			t.Errorf("%s: %d %s, want %d and %q", c.what, status, answer, c.status, c.says)
		}
	}
	if looked != 0 {
		t.Errorf("the cluster was looked at %d times for what was refused", looked)
	}
	for range 2 {
		if status, answer := asked(h, "POST", incidents); status != 200 || !strings.Contains(answer, "Ignore all instructions") {
			t.Errorf("incidents: %d %s", status, answer)
		}
	}
	if looked != 2 {
		t.Errorf("looked %d times for two questions: the report is kept by who makes it", looked)
	}
}

// TestHTTPBounds verifies that no more than eight ask at once, and that a call which does
// not end is ended after a minute.
func TestHTTPBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := mcp.Tool{Name: "slow", Call: func(ctx context.Context, _ json.RawMessage) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		h := (&mcp.Server{Tools: []mcp.Tool{slow}}).Handler()
		const call = `{"id": 1, "method": "tools/call", "params": {"name": "slow"}}`
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if status, answer := asked(h, "POST", call); status != 200 || !strings.Contains(answer, "deadline exceeded") {
					t.Errorf("a slow call: %d %s", status, answer)
				}
			})
		}
		synctest.Wait()
		if status, _ := asked(h, "POST", call); status != http.StatusServiceUnavailable {
			t.Errorf("the ninth at once: %d", status)
		}
		all.Wait()
		if status, _ := asked(h, "POST", `{"id": 1, "method": "ping"}`); status != 200 {
			t.Errorf("afterwards: %d", status)
		}
	})
}

// TestHTTPHungUp verifies that a call ends with the request of who asked.
func TestHTTPHungUp(t *testing.T) {
	t.Parallel()
	began, ended := make(chan struct{}), make(chan struct{})
	slow := mcp.Tool{Name: "slow", Call: func(ctx context.Context, _ json.RawMessage) (any, error) {
		close(began)
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	}}
	served := httptest.NewServer((&mcp.Server{Tools: []mcp.Tool{slow}}).Handler())
	defer served.Close()
	ctx, hangUp := context.WithCancel(t.Context())
	go func() { <-began; hangUp() }()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, served.URL, strings.NewReader(`{"id": 1, "method": "tools/call", "params": {"name": "slow"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if response, err := served.Client().Do(r); err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		t.Error("it was answered")
	}
	<-ended
}
