package web_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/kubevitals/kubevitals/internal/web"
	"github.com/kubevitals/kubevitals/mixin"
)

const diskPressure = "KubeVitalsNodeDiskPressure"

func handler(t *testing.T) http.Handler {
	t.Helper()
	return pagesOver(t, reporting(t, sick))
}

func get(t *testing.T, h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://kubevitals.example/", nil)
	at, err := url.Parse("http://kubevitals.example" + target)
	if err != nil {
		t.Fatal(err)
	}
	r.URL = at
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// page is what a browser makes of a page: its elements with their attributes, and
// its text.
type page struct {
	elements []string
	text     bytes.Buffer
	links    []string
	commands []string
}

func parse(t *testing.T, body string) *page {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	p := &page{}
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			p.text.WriteString(n.Data + "\n")
			if n.Parent.Data == "code" && n.Parent.Parent.Data == "pre" {
				p.commands = append(p.commands, n.Data)
			}
		case html.ElementNode:
			if n.Data == "wbr" {
				p.text.Truncate(p.text.Len() - 1) // where a word may be broken it goes on
				continue
			}
			names := []string{n.Data}
			for _, a := range n.Attr {
				names = append(names, a.Key)
				if a.Key == "href" {
					p.links = append(p.links, a.Val)
				}
			}
			p.elements = append(p.elements, strings.Join(names, " "))
		}
	}
	return p
}

func attacks() []string {
	return []string{
		`<script>alert(1)</script>`, `"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`,
		`</code></pre><script>alert(1)</script>`, `</title><script>alert(1)</script>`, `"onmouseover="alert(1)`, `' onfocus='alert(1)' autofocus='`,
		`javascript:alert(1)`, `data:text/html,<script>alert(1)</script>`, `{{ .Words }}`, `{{template "x"}}`, `<!--`, `-->`, `<![CDATA[x]]>`,
		`&lt;script&gt;`, `&#60;script&#62;`, `%3Cscript%3E`, `<iframe src="https://evil.example">`, `<base href="https://evil.example/">`,
		`<meta http-equiv="refresh" content="0;url=https://evil.example">`, `<a href="https://evil.example">x</a>`, "`backtick`", `[x](javascript:alert(1))`,
		`![x](https://evil.example/x.png)`, `a'b; rm -rf / #`, `$(reboot)`, "a\r\nSet-Cookie: x=y", "a\nX-Evil: 1", "a\x00b", "a\x1b[31mb",
		"\xff\xfe", "\u202egnp.exe", `../../../etc/passwd`, `//evil.example`, strings.Repeat("A", 300),
	}
}

// TestAttacksStayText puts each attack into each parameter.
func TestAttacksStayText(t *testing.T) {
	t.Parallel()
	h := handler(t)
	plain := parse(t, get(t, h, web.Root+diskPressure+"?node=plain").Body.String())
	index := parse(t, get(t, h, web.Root+"?lang=en").Body.String())
	holding := parse(t, get(t, h, web.Root+diskPressure+"?node=worker-2").Body.String())
	status := parse(t, get(t, h, "/").Body.String())
	known := slices.Concat(plain.elements, index.elements, holding.elements, status.elements)
	for _, attack := range attacks() {
		escaped := url.QueryEscape(attack)
		for name, target := range map[string]string{
			"value of a label": web.Root + diskPressure + "?node=" + escaped,
			"name of a label":  web.Root + diskPressure + "?" + escaped + "=x",
			"language":         web.Root + diskPressure + "?lang=" + escaped,
			"alert":            web.Root + url.PathEscape(attack),
			"header":           web.Root + diskPressure,
			"status, language": "/?lang=" + escaped,
			"status, any":      "/?" + escaped + "=" + escaped,
			"search":           web.Root + "?q=" + escaped,
		} {
			t.Run(fmt.Sprintf("%s %q", name, attack), func(t *testing.T) {
				t.Parallel()
				var headers []string
				if name == "header" {
					headers = []string{"Accept-Language", attack}
				}
				w := get(t, h, target, headers...)
				checkHeaders(t, w, attack)
				if w.Code != http.StatusOK && w.Code != http.StatusNotFound && w.Code != http.StatusTemporaryRedirect && w.Code != http.StatusMovedPermanently {
					t.Errorf("status %d", w.Code)
				}
				p := parse(t, w.Body.String())
				for _, e := range p.elements {
					if !slices.Contains(known, e) && e != "p role" {
						t.Errorf("an element that no page has: <%s>", e)
					}
				}
				for _, l := range p.links {
					if !ownLink(l) {
						t.Errorf("a link leads to %q", l)
					}
				}
			})
		}
	}
}

var ownLinks = regexp.MustCompile(`^(#[a-z_]+|metrics|livez|readyz|(\./|\.\./)?(runbooks/|static/[a-z.-]+)?(KubeVitals[A-Za-z]+)?)?(\?[A-Za-z0-9_=&.%+-]*)?$`)

// ownLink tells whether a link stays within the pages.
func ownLink(l string) bool { return ownLinks.MatchString(l) }

func checkHeaders(t *testing.T, w *httptest.ResponseRecorder, attack string) {
	t.Helper()
	for name, values := range w.Header() {
		for _, v := range values {
			if strings.ContainsAny(name+v, "\r\n") || name != "Location" && len(attack) > 6 && strings.Contains(v, attack) {
				t.Errorf("header %s: %q", name, v)
			}
		}
	}
	if w.Code == http.StatusOK && !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none';") {
		t.Errorf("policy %q", w.Header().Get("Content-Security-Policy"))
	}
}

// TestLabelsAreFilledIn checks that a value is there word for word, in the table
// and quoted in the commands, whatever is in it.
func TestLabelsAreFilledIn(t *testing.T) {
	t.Parallel()
	h := handler(t)
	for value, quoted := range map[string]string{
		"worker-2":                  `NODE='worker-2'`,
		`a'b; rm -rf / #`:           `NODE='a'\''b; rm -rf / #'`,
		`<script>alert(1)</script>`: `NODE='<script>alert(1)</script>'`,
		`$(reboot)`:                 `NODE='$(reboot)'`,
	} {
		p := parse(t, get(t, h, web.Root+diskPressure+"?cluster=a&node="+url.QueryEscape(value)).Body.String())
		if !strings.Contains(p.text.String(), "\n"+value+"\n") {
			t.Errorf("%q is not in the table", value)
		}
		if !slices.ContainsFunc(p.commands, func(c string) bool { return strings.Contains(c, quoted) }) {
			t.Errorf("no command has %s", quoted)
		}
	}
	w := get(t, h, web.Root+diskPressure+"?node=a&node=b&bad-name=x&long="+strings.Repeat("x", 254))
	p := parse(t, w.Body.String())
	if text := p.text.String(); !strings.Contains(text, "left out") || !strings.Contains(text, "bad-name") || strings.Contains(text, "NODE='a'") {
		t.Error("parameters that are no labels are not named, or taken")
	}
}

// TestEveryRunbookIsServed reads all pages in both languages.
func TestEveryRunbookIsServed(t *testing.T) {
	t.Parallel()
	h := handler(t)
	index := parse(t, get(t, h, web.Root).Body.String())
	runbooks, _ := fs.Glob(mixin.Files(), "runbooks/*.md")
	served := 0
	for _, file := range runbooks {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "runbooks/"), ".md")
		if !slices.Contains(index.links, name+"?lang=en") {
			t.Errorf("%s is not in the index", name)
		}
		for _, lang := range []string{"en", "zh-TW"} {
			w := get(t, h, web.Root+name+"?lang="+lang)
			p := parse(t, w.Body.String())
			source, _ := fs.ReadFile(mixin.Files(), strings.TrimSuffix("runbooks/"+strings.TrimSuffix(lang, "en"), "/")+"/"+name+".md")
			if w.Code != http.StatusOK || w.Header().Get("Content-Language") != lang || len(p.commands) != strings.Count(string(source), "\n```sh\n")+strings.Count(string(source), "\n```yaml\n") {
				t.Errorf("%s in %s: status %d, language %q, %d blocks of commands", name, lang, w.Code, w.Header().Get("Content-Language"), len(p.commands))
			}
			for _, l := range p.links {
				if to, _, _ := strings.Cut(l, "?"); strings.HasPrefix(to, "KubeVitals") && !slices.Contains(runbooks, "runbooks/"+to+".md") {
					t.Errorf("%s: a link leads to %s", name, l)
				}
			}
			served++
		}
	}
	if served < 200 {
		t.Errorf("only %d pages", served)
	}
}

func TestLanguageFollowsTheBrowser(t *testing.T) {
	t.Parallel()
	h := handler(t)
	for _, test := range []struct{ accept, query, want string }{
		{"", "", "en"},
		{"zh-TW,zh;q=0.9,en;q=0.8", "", "zh-TW"},
		{"de,en;q=0.5", "", "en"},
		{"zh-TW", "?lang=en", "en"},
		{"en", "?lang=zh-TW", "zh-TW"},
		{"en", "?lang=xx", "en"},
	} {
		w := get(t, h, web.Root+diskPressure+test.query, "Accept-Language", test.accept)
		if got := w.Header().Get("Content-Language"); got != test.want || !strings.Contains(w.Body.String(), `<html lang="`+test.want+`">`) {
			t.Errorf("Accept-Language %q and %q give %s, want %s", test.accept, test.query, got, test.want)
		}
	}
}

func TestUnknownAlert(t *testing.T) {
	t.Parallel()
	w := get(t, handler(t), web.Root+"KubeVitalsNothing")
	if w.Code != http.StatusNotFound || !strings.Contains(parse(t, w.Body.String()).text.String(), "\nKubeVitalsNothing\n") {
		t.Errorf("status %d:\n%s", w.Code, w.Body)
	}
}
