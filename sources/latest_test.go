package sources

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestLatest verifies what is asked to learn the version of a resource, by what it costs
// an API server: one key, and no object; and that no other answer is taken for one.
func TestLatest(t *testing.T) {
	t.Parallel()
	var path, selector, answer string
	s := sourcesOf(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		path, selector = r.URL.Path, query.Get("fieldSelector")
		if query.Get("resourceVersion") != "" || query.Get("limit") != "" {
			t.Errorf("%s is no consistent read that a cache may answer once it is up to date", r.URL)
		}
		isJSON(w)
		_, _ = io.WriteString(w, answer)
	})
	ask := func(source Read) (string, error) {
		row, list, ok := s.config.Resources.Find(source)
		if !ok {
			t.Fatal(source)
		}
		return s.clients.latest(row, row.Versions[0], list)(t.Context())
	}
	answer = `{"kind":"List","metadata":{"resourceVersion":"4711"},"items":[]}`
	for source, want := range map[Read]string{
		Nodes:        "/api/v1/nodes",
		Pods:         "/api/v1/namespaces/kube-system/pods",
		NodeLeases:   "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
		SystemLeases: "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases",
	} {
		version, err := ask(source)
		if version != "4711" || err != nil || path != want {
			t.Errorf("%s: version %q of %s, %v", source, version, path, err)
		}
		before := selector
		if _, _ = ask(source); selector == before || !strings.HasPrefix(selector, "metadata.name=kubevitals-") {
			t.Errorf("%s: selected by %q, then by %q", source, before, selector)
		}
	}
	for _, answer = range []string{"", "<html>", `{"metadata":{"resourceVersion":"1"},"items":[{"a":"` + strings.Repeat("x", latestLimit) + `"}]}`} {
		if version, err := ask(Nodes); err == nil {
			t.Errorf("%.20q has version %q", answer, version)
		}
	}
}
