// Package web serves pages for people: what holds in the cluster now, and the
// runbooks of the alerts with an alert's labels filled into the commands and what
// is known of them beside. It needs nothing from outside. Its links are relative,
// so that the pages work behind a proxy that adds a path.
package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/blackbox"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/internal/timeline"
	"github.com/kubevitals/kubevitals/sources"
)

//go:embed static pages
var assets embed.FS

const (
	// Root is where the runbooks are served.
	Root = "/runbooks/"
	// policy lets a page load its own style, script and icon, ask for itself again, be it
	// by a form, and nothing else.
	policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

// Options say what the pages show.
type Options struct {
	// Runbooks holds the texts ALERT.md, and their translations in zh-TW/ALERT.md.
	Runbooks fs.FS
	// Summaries are those of the alerts in Chinese, by alert.
	Summaries map[string]string
	Rules     *ruleeval.Rules
	// Report returns what holds now.
	Report func(context.Context) (*livestatus.Report, error)
	// Facts returns what the cluster says of the objects that labels name.
	Facts func(labels map[string]string) sources.Facts
	// Definitions are all signals that there are, for their descriptions.
	Definitions []collectors.Definition
	// Tables are what is known of collectors and sources.
	Tables  func() []exporter.Table
	Version string
	Now     func() time.Time
	// Timeline is what began and ended, and Box what was known then; either may be nil.
	Timeline *timeline.Timeline
	Box      *blackbox.Box
	// Elsewhere are other programs to link to.
	Elsewhere Elsewhere
}

// server is safe for concurrent use.
type server struct {
	Options
	alerts                          []string
	dashboards                      map[string]string // by alert
	runbookTemplate, statusTemplate *template.Template
	languages                       language.Matcher
}

// Handler serves the status page at /, the runbooks under Root, what both need under
// /static/, and the incidents at API for programs. It fails if there are no runbooks.
func Handler(o Options) (http.Handler, error) {
	files, err := fs.Glob(o.Runbooks, "*.md")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no runbooks to serve: %w", err)
	}
	s := &server{Options: o, languages: language.NewMatcher([]language.Tag{language.English, language.TraditionalChinese})}
	if s.dashboards, err = o.Elsewhere.dashboards(); err != nil {
		return nil, err
	}
	for _, file := range files {
		s.alerts = append(s.alerts, strings.TrimSuffix(file, ".md"))
	}
	if s.runbookTemplate, err = template.ParseFS(assets, "pages/layout.html", "pages/runbook.html"); err != nil {
		return nil, fmt.Errorf("page of a runbook: %w", err)
	}
	if s.statusTemplate, err = template.ParseFS(assets, "pages/layout.html", "pages/status.html"); err != nil {
		return nil, fmt.Errorf("status page: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", http.FileServerFS(assets))
	mux.HandleFunc("GET /{$}", s.statusPage)
	mux.HandleFunc("GET "+API, s.incidentsAPI)
	mux.HandleFunc("GET "+API+"/{id}/snapshot", s.snapshotAPI)
	mux.HandleFunc("GET "+Root+"{$}", s.runbookIndex)
	mux.HandleFunc("GET "+Root+"{alert}", s.runbookPage)
	return guarded(mux), nil
}

func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Accept-Language")
		next.ServeHTTP(w, r)
	})
}

// content is what the templates show.
type content struct {
	Lang, Title, Other, OtherName, OtherURL string
	// Base leads from the page to /, relative.
	Base, Script string
	// Mood is how bad it is, which the icon shows: firing, incomplete or nothing.
	Mood    string
	Words   map[string]string
	Version string

	// Of the status page.
	Status *status

	// Of the pages of runbooks. Body is made by the renderer, which lets no markup
	// of the source or of labels through.
	Labels       []pair
	Ignored      []string
	Untranslated bool
	Missing      string
	Index        []runbookGroup
	Search       *search
	Body         body
	Evidence     *evidence
}

type (
	pair struct{ Name, Value string }
	link struct{ Name, URL string }
)

// content is what all pages have. own are the labels that its links keep.
func (s *server) content(r *http.Request, base string, own []pair) content {
	lang := s.languageOf(r)
	other := map[string]string{english: chinese, chinese: english}[lang]
	return content{
		Lang: lang, Words: words(lang), Other: other, OtherName: words(other)["name"],
		OtherURL: "?" + query(own, other), Base: base, Script: "copy.js", Version: s.Version,
	}
}

func (s *server) show(w http.ResponseWriter, status int, page *template.Template, c content) {
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "layout.html", c); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	html, err := withWordBreaks(b.Bytes())
	if err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", c.Lang)
	w.WriteHeader(status)
	_, _ = w.Write(html)
}

// query is the query of a link to another page: labels and language.
func query(own []pair, lang string) string {
	q := url.Values{}
	for _, l := range own {
		q.Set(l.Name, l.Value)
	}
	q.Set(languageParameter, lang)
	return q.Encode()
}

const (
	english           = "en"
	chinese           = "zh-TW"
	languageParameter = "lang"
)

// languageOf is the language that the query asks for, or else the browser.
func (s *server) languageOf(r *http.Request) string {
	asked := r.URL.Query().Get(languageParameter)
	if slices.Contains([]string{english, chinese}, asked) {
		return asked
	}
	// A header that cannot be read is a preference for nothing.
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return english
	}
	if _, i, confidence := s.languages.Match(tags...); i == 1 && confidence >= language.Low {
		return chinese
	}
	return english
}
