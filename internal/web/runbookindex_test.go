package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/web"
)

// TestSearchOfRunbooks verifies that the list has the runbooks with all words that are
// looked for, in either language, and that it needs no script.
func TestSearchOfRunbooks(t *testing.T) {
	t.Parallel()
	h := handler(t)
	named := func(query string) []string {
		w := get(t, h, web.Root+"?lang=en&q="+url.QueryEscape(query))
		if w.Code != http.StatusOK {
			t.Fatalf("%q: %d", query, w.Code)
		}
		var all []string
		for _, l := range parse(t, w.Body.String()).links {
			if name, _, _ := strings.Cut(l, "?"); strings.HasPrefix(name, "KubeVitals") {
				all = append(all, name)
			}
		}
		return all
	}
	all := named("")
	for query, want := range map[string]string{
		"disk pressure": diskPressure, "DISK\tPressure ": diskPressure, "node_disk": diskPressure, "磁碟滿": diskPressure,
		"webhook slow": "KubeVitalsWebhookSlow", "kubevitalsdown": "KubeVitalsDown",
	} {
		if got := named(query); !slices.Contains(got, want) || len(got) >= len(all)/2 {
			t.Errorf("%q finds %v of %d", query, got, len(all))
		}
	}
	if got := named("disk no-such-word"); len(got) != 0 || len(all) < 100 {
		t.Errorf("%v was found of %d", got, len(all))
	}
	page := get(t, h, web.Root+"?lang=zh-TW&q=node_disk").Body.String()
	inOrder(t, page, `<form class="search" method="get" role="search">`, `value="node_disk"`, `value="zh-TW"`, `<p role="status">`, `href="#node_disk"`, `<h2 id="node_disk"`, `id="`+diskPressure+`"`)
	if !strings.Contains(page, `href="?q=node_disk&amp;lang=en"`) && !strings.Contains(page, `href="?lang=en&amp;q=node_disk"`) {
		t.Error("the link to the other language forgets what was looked for")
	}
	if w := get(t, h, web.Root+"?q="+strings.Repeat("%E4%B8%AD", 200)); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "\uFFFD") {
		t.Errorf("what is too long is cut within a letter, or refused: %d", w.Code)
	}
}
