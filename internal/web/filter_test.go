package web_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/web"
	"github.com/kubevitals/kubevitals/mixin"
)

// pagesWith are pages of the sick cluster with more options.
func pagesWith(t *testing.T, set func(*web.Options)) http.Handler {
	t.Helper()
	runbooks, err := fs.Sub(mixin.Files(), "runbooks")
	if err != nil {
		t.Fatal(err)
	}
	o := web.Options{
		Runbooks: runbooks, Summaries: map[string]string{diskPressure: "磁碟滿了。"}, Rules: rules(t), Report: reporting(t, sick), Facts: facts,
		Definitions: collectors.Catalogue(), Version: "v1", Now: now, Tables: tables,
	}
	set(&o)
	h, err := web.Handler(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestFilter verifies that a page shows what a node, a namespace or a signal is part of, and
// that its verdict is about the whole cluster still.
func TestFilter(t *testing.T) {
	t.Parallel()
	h := handler(t)
	for query, want := range map[string]struct{ has, lacks []string }{
		"node=WORKER":            {[]string{diskPressure, "worker-2"}, []string{"KubeVitalsSchedulerDown", "cp-2"}},
		"signal=apiserver":       {[]string{"KubeVitalsAPIServerDown", "cp-2", "KubeVitalsSourceUnavailable"}, []string{diskPressure, "KubeVitalsSchedulerDown"}},
		"node=worker&signal=dns": {[]string{"Nothing that is wrong matches."}, []string{diskPressure, "KubeVitalsAPIServerDown"}},
		"namespace=shop":         {[]string{"Nothing that is wrong matches."}, []string{diskPressure}},
		"node=":                  {[]string{diskPressure, "KubeVitalsSchedulerDown"}, []string{"are filtered"}},
		"node=a%00b":             {[]string{diskPressure, "KubeVitalsSchedulerDown"}, []string{"are filtered"}},
	} {
		p := parse(t, get(t, h, "/?lang=en&"+query).Body.String())
		text := p.text.String()
		for _, one := range append(want.has, "1 critical, 3 warning") {
			if !strings.Contains(text, one) {
				t.Errorf("%s: %q is missing in:\n%s", query, one, text)
			}
		}
		for _, one := range want.lacks {
			if strings.Contains(text, one) {
				t.Errorf("%s: %q is there", query, one)
			}
		}
	}
	p := parse(t, get(t, h, "/?lang=en&node=worker-2&signal=node_disk").Body.String())
	if !slices.Contains(p.links, "?lang=zh-TW&node=worker-2&signal=node_disk") {
		t.Errorf("the other language shows something else: %q", p.links)
	}
}

// fleet is the sick cluster with so many nodes, of which each that a function names is not
// ready.
func fleet(count int, notReady func(int) bool) string {
	var b strings.Builder
	b.WriteString(sick)
	for i := range count {
		_, _ = fmt.Fprintf(&b, "kubevitals_kubelet_available{node=\"w-%05d\",endpoint=\"metrics\",reason=\"available\"} 1\n", i)
		if notReady(i) {
			_, _ = fmt.Fprintf(&b, "kubevitals_node_readiness_ready{node=\"w-%05d\"} 0\n", i)
		}
	}
	return b.String()
}

var strokes = regexp.MustCompile(`M(\d+) (\d+)\.5h(\d+)`)

// drawn are the squares of each class on a page, and how many bytes they take.
func drawn(t *testing.T, page string) (squares map[string]int, bytes int) {
	t.Helper()
	squares = map[string]int{}
	for _, path := range regexp.MustCompile(`<path class="([a-z]+)" d="([^"]*)"/>`).FindAllStringSubmatch(page, -1) {
		bytes += len(path[0])
		for _, m := range strokes.FindAllStringSubmatch(path[2], -1) {
			n, err := strconv.Atoi(m[3])
			if err != nil {
				t.Fatal(err)
			}
			squares[path[1]] += n
		}
	}
	return squares, bytes
}

// TestNodeMap verifies that each node is a square by what is wrong with it, that causes and
// nodes are named below, and that a large cluster takes few bytes.
func TestNodeMap(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		count int
		ill   func(int) bool
		want  map[string]int
		bytes int
	}{
		// Beside them are worker-2 and one of a hostile name, which are under pressure, and worker-3.
		"few":             {4, func(i int) bool { return i == 1 }, map[string]int{"warning": 2, "notready": 1, "ready": 4}, 300},
		"many":            {4997, func(i int) bool { return i%100 == 7 }, map[string]int{"warning": 2, "notready": 50, "ready": 4948}, 5000},
		"of several each": {14997, func(i int) bool { return i == 101 }, map[string]int{"warning": 2, "notready": 1, "ready": 4997}, 5000},
		"every other":     {4997, func(i int) bool { return i%2 == 1 }, map[string]int{"warning": 2, "notready": 2498, "ready": 2500}, 60_000},
	} {
		h := pagesOver(t, reporting(t, fleet(tt.count, tt.ill)))
		page := get(t, h, "/?lang=en").Body.String()
		squares, bytes := drawn(t, page)
		if fmt.Sprint(squares) != fmt.Sprint(tt.want) || bytes > tt.bytes {
			t.Errorf("%s: %v in %d bytes, want %v in %d", name, squares, bytes, tt.want, tt.bytes)
		}
		text := parse(t, page).text.String()
		inOrder(t, text, "Incidents", "Nodes", "2 warning", "A node is short of disk", "worker-2", "not ready", "w-0", "Problems")
		if several := strings.Contains(text, "Each square is up to 3 nodes"); several != (tt.count == 14997) {
			t.Errorf("%s: says that a square is several nodes: %v", name, several)
		}
	}
	h := pagesOver(t, reporting(t, fleet(40, func(int) bool { return false })))
	squares, _ := drawn(t, get(t, h, "/?node=W-0001").Body.String())
	if fmt.Sprint(squares) != "map[ready:10]" {
		t.Errorf("of the nodes that are searched for: %v", squares)
	}
	if page := get(t, handler(t), "/").Body.String(); strings.Contains(page, "<svg") {
		t.Error("there is a map of nodes that are not known")
	}
}

// TestOneNode verifies that a node of the map leads to what is known of it alone, and not of
// those whose names are longer.
func TestOneNode(t *testing.T) {
	t.Parallel()
	h := pagesWith(t, func(o *web.Options) {
		o.Report = reporting(t, sick+"kubevitals_node_disk_pressure{node=\"worker-20\"} 1\nkubevitals_kubelet_available{node=\"worker-20\",endpoint=\"metrics\",reason=\"available\"} 1\n")
	})
	links := parse(t, get(t, h, "/?lang=en").Body.String()).links
	if !slices.Contains(links, "?lang=en&node=%22worker-2%22") {
		t.Fatalf("none to a node alone: %q", links)
	}
	for query, want := range map[string][2]bool{"WORKER-2": {true, true}, "%22Worker-2%22": {true, false}, "worker-2%22": {}, "%22%22": {}} {
		text := parse(t, get(t, h, "/?lang=en&node="+query).Body.String()).text.String()
		for n, sentence := range []string{"The kubelet of node worker-2 ", "The kubelet of node worker-20 "} {
			if strings.Contains(text, sentence) != want[n] {
				t.Errorf("of %s: %q is there: %t", query, sentence, !want[n])
			}
		}
	}
}

// TestElsewhere verifies that findings lead to other programs where these are known, with
// what they are about, and nowhere else.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	h := pagesWith(t, func(o *web.Options) {
		o.Elsewhere = web.Elsewhere{Grafana: "https://grafana.example.com/", Prometheus: "https://prometheus.example.com/p", Alertmanager: "http://am.example.com"}
	})
	p := parse(t, get(t, h, "/?lang=en&node=worker-2").Body.String())
	var found []string
	for _, l := range p.links {
		if strings.HasPrefix(l, "http") {
			u, err := url.Parse(l)
			if err != nil {
				t.Fatal(err)
			}
			fragment, _ := url.QueryUnescape(u.Fragment)
			found = append(found, u.Host+u.Path+" "+u.Query().Get("var-node")+u.Query().Get("g0.expr")+fragment)
		}
	}
	want := []*regexp.Regexp{
		regexp.MustCompile(`^grafana\.example\.com/d/[0-9a-f]+ worker-2$`),
		regexp.MustCompile(`^prometheus\.example\.com/p/graph kubevitals_node_disk_pressure\{node="worker-2"\}$`),
		regexp.MustCompile(`^am\.example\.com/ /silences/new\?filter=\{alertname="` + diskPressure + `",cluster="prod",node="worker-2"\}$`),
	}
	if len(found) < len(want) { // what cannot be seen comes after it
		t.Fatalf("%q", found)
	}
	for i, one := range want {
		if !one.MatchString(found[i]) {
			t.Errorf("%q, want %s", found[i], one)
		}
	}
	for _, bad := range []string{"grafana", "javascript:alert(1)", "https://", "ftp://x.example.com", "https://u:p@x.example.com", "https://x.example.com/?a=b", "https://x.example.com/?", "https://x.example.com/#", "https://:443", "https://x.example.com/#a"} {
		if (web.Elsewhere{Grafana: bad}).Check() == nil {
			t.Errorf("%q was taken for an address", bad)
		}
	}
	if err := (web.Elsewhere{Prometheus: "https://x.example.com/prometheus"}).Check(); err != nil {
		t.Error(err)
	}
}

// TestSilenceOfANameWithSpaces verifies that Alertmanager gets the labels as they are: what
// follows a # it reads without the rules of forms, so that a plus stays a plus.
func TestSilenceOfANameWithSpaces(t *testing.T) {
	t.Parallel()
	h := pagesWith(t, func(o *web.Options) {
		o.Report = reporting(t, strings.ReplaceAll(sick, `node="worker-2"`, `node="worker 2"`))
		o.Elsewhere = web.Elsewhere{Alertmanager: "http://am.example.com"}
	})
	p := parse(t, get(t, h, "/?lang=en&node=worker+2").Body.String())
	want := `/silences/new?filter={alertname="` + diskPressure + `",cluster="prod",node="worker 2"}`
	if !slices.ContainsFunc(p.links, func(l string) bool {
		_, fragment, _ := strings.Cut(l, "#")
		text, err := url.PathUnescape(fragment)
		return err == nil && text == want
	}) {
		t.Errorf("%q, want one to %s", p.links, want)
	}
}

// TestIcon verifies that the icon of a tab shows how bad it is, as the title says it.
func TestIcon(t *testing.T) {
	t.Parallel()
	for want, text := range map[string]string{"icon-firing.svg": sick, "icon.svg": healthy, "icon-incomplete.svg": waiting} {
		h := pagesOver(t, reporting(t, text))
		page := get(t, h, "/?lang=en").Body.String()
		if !strings.Contains(page, `href="./static/`+want+`"`) {
			t.Errorf("no %s in:\n%.600s", want, page)
		}
		if w := get(t, h, "/static/"+want); w.Code != http.StatusOK {
			t.Errorf("%s: status %d", want, w.Code)
		}
	}
	if page := get(t, handler(t), "/?lang=en").Body.String(); !strings.Contains(page, "<title>1 critical, 3 warning · kubevitals</title>") {
		t.Errorf("the title does not say how bad it is:\n%.300s", page)
	}
}
