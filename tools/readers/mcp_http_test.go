package readers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// serving starts an exporter that answers assistants, and returns the address of /mcp.
func serving(t *testing.T, program string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	exporter := exec.CommandContext(ctx, program, append(args, "--web.mcp", "--web.listen-address=127.0.0.1:0", "--log.level=error")...)
	exporter.Stderr, exporter.WaitDelay = os.Stderr, 10*time.Second
	exporter.Cancel = func() error { return exporter.Process.Signal(os.Interrupt) }
	out, err := exporter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := exporter.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = exporter.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, page, found := strings.Cut(lines.Text(), "Its status page is "); found {
			return page + "mcp"
		}
	}
	t.Fatalf("it does not serve: %v", lines.Err())
	return ""
}

// as sends all requests with a header.
type as struct{ name, value string }

func (a as) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(a.name, a.value)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig.InsecureSkipVerify = true
	defer transport.CloseIdleConnections()
	return transport.RoundTrip(r)
}

// connect speaks with the exporter as an assistant does.
func connect(t *testing.T, url, name, value string) (*mcp.ClientSession, error) {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	return client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: url, HTTPClient: &http.Client{Timeout: time.Minute, Transport: as{name, value}}, MaxRetries: -1,
	}, nil)
}

// TestMCPOverHTTP asks a running exporter with the official client.
func TestMCPOverHTTP(t *testing.T) {
	path := program(t)
	t.Run("tools", func(t *testing.T) { tools(t, serving(t, path, "--demo")) })
	t.Run("who may ask", func(t *testing.T) { whoMayAsk(t, path) })
}

// tools verifies that each tool answers, and that none reads files of its machine.
func tools(t *testing.T, url string) {
	t.Helper()
	session, err := connect(t, url, "X-None", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	}()
	list, err := session.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"blind_spots", "incident", "incidents", "runbook", "signals"}) {
		t.Fatalf("tools: %v", names)
	}
	call := func(name string, arguments map[string]any) string {
		t.Helper()
		result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
		if err != nil || result.IsError || len(result.Content) != 1 {
			t.Fatalf("%s: %v, %+v", name, err, result)
		}
		return result.Content[0].(*mcp.TextContent).Text
	}
	id, ends := "", time.Now().Add(time.Minute)
	for id == "" { // the cluster is read in the background
		var found struct {
			Data struct{ Found []struct{ ID, Alert string } } `json:"cluster_data"`
		}
		if err := json.Unmarshal([]byte(call("incidents", nil)), &found); err != nil {
			t.Fatal(err)
		}
		for _, one := range found.Data.Found {
			if one.Alert == "KubeVitalsNodeDiskPressure" {
				id = one.ID
			}
		}
		if time.Now().After(ends) {
			t.Fatalf("no incident of the full disk: %+v", found)
		}
		time.Sleep(time.Second)
	}
	for name, says := range map[string]string{"incident": "first_commands", "signals": "node_disk", "blind_spots": "coverage", "runbook": "NODE='worker-2'"} {
		arguments := map[string]map[string]any{
			"incident": {"id": id}, "runbook": {"alert": "KubeVitalsNodeDiskPressure", "labels": map[string]string{"node": "worker-2"}},
		}[name]
		if text := call(name, arguments); !strings.Contains(text, says) {
			t.Errorf("%s does not say %s: %s", name, says, text)
		}
	}
	if _, err := connect(t, url, "Origin", "http://example.com"); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("a page of a browser: %v", err)
	}
}

// whoMayAsk verifies that the filter of the pages guards /mcp, too: 401 without a token that
// the API server knows, 403 without the right.
func whoMayAsk(t *testing.T, program string) {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(review))
	defer api.Close()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	config := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: c, clusters: [{name: c, cluster: {server: %q}}], users: [{name: u, user: {token: own}}], contexts: [{name: c, context: {cluster: c, user: u}}]}", api.URL)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serving(t, program, "--kubeconfig="+file, "--web.auth-filter")
	for token, says := range map[string]string{"": "Unauthorized", "forged": "Unauthorized", "scraper": "Forbidden"} {
		if _, err := connect(t, url, "Authorization", "Bearer "+token); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("token %q: %v, want %s", token, err, says)
		}
	}
	session, err := connect(t, url, "Authorization", "Bearer reader")
	if err != nil {
		t.Fatal(err)
	}
	if list, err := session.ListTools(t.Context(), nil); err != nil || len(list.Tools) == 0 {
		t.Errorf("who may ask: %v, %v", list, err)
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}

// review is an API server that does nothing but reviews: it knows scraper, who may get
// /metrics, and reader, who may post to /mcp, too.
func review(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var asked struct {
		Spec struct {
			Token, User           string
			NonResourceAttributes struct{ Path, Verb string }
		}
	}
	if err != nil || r.Method != http.MethodPost || json.Unmarshal(text, &asked) != nil {
		http.Error(w, "reviews only", http.StatusNotFound)
		return
	}
	known := slices.Contains([]string{"scraper", "reader"}, asked.Spec.Token)
	path := asked.Spec.NonResourceAttributes
	allowed := path.Path == "/metrics" && path.Verb == "get" || asked.Spec.User == "reader" && path.Path == "/mcp" && slices.Contains([]string{"get", "post"}, path.Verb)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": map[string]any{
		"authenticated": known, "user": map[string]string{"username": asked.Spec.Token}, "allowed": allowed,
	}})
}
