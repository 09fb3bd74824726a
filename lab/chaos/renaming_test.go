package chaos

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestRenaming verifies that statistics get the name of the node, and nothing else does.
func TestRenaming(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"node": {"nodeName": "node-1"}, "pods": [{"name": "node-1"}]}`)
	}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: &renaming{next: http.DefaultTransport, from: "node-1", to: "another-node"}}
	for path, want := range map[string]string{
		"/stats/summary": `{"node": {"nodeName": "another-node"}, "pods": [{"name": "node-1"}]}`,
		"/metrics":       `{"node": {"nodeName": "node-1"}, "pods": [{"name": "node-1"}]}`,
	} {
		response, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%s: %s, %v", path, body, err)
		}
	}
}
