// Package site serves the runbooks of the alerts as pages, with the labels of an
// alert filled into the commands. It needs nothing from outside.
package site

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

//go:embed static page.html
var assets embed.FS

// Root is where the pages are served.
const Root = "/runbooks/"

// policy lets a page load its own style and script, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// site serves the runbooks in a file system. It is safe for concurrent use.
type site struct {
	books     fs.FS
	names     []string
	page      *template.Template
	languages language.Matcher
}

// Handler serves the runbooks ALERT.md in books, and their translations in
// zh-TW/ALERT.md, under Root. It fails if there are none.
func Handler(books fs.FS) (http.Handler, error) {
	files, err := fs.Glob(books, "*.md")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no runbooks to serve: %w", err)
	}
	page, err := template.ParseFS(assets, "page.html")
	if err != nil {
		return nil, fmt.Errorf("page of a runbook: %w", err)
	}
	s := &site{books: books, page: page, languages: language.NewMatcher([]language.Tag{language.English, language.TraditionalChinese})}
	for _, file := range files {
		s.names = append(s.names, strings.TrimSuffix(file, ".md"))
	}
	static, err := fs.Sub(assets, "static")
	if err != nil {
		return nil, fmt.Errorf("style of the pages: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+Root+"static/", http.StripPrefix(Root+"static/", http.FileServerFS(static)))
	mux.HandleFunc("GET "+Root+"{$}", s.index)
	mux.HandleFunc("GET "+Root+"{alert}", s.book)
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

// content is what the template shows. Body is made by the renderer, which lets
// no markup of the source or of labels through.
type content struct {
	Lang, Title, Other, OtherName, OtherURL string
	Words                                   map[string]string
	Labels                                  []pair
	Ignored                                 []string
	Untranslated                            bool
	Missing                                 string
	Index                                   []link
	Body                                    template.HTML
	IndexURL                                string
}

type (
	pair struct{ Name, Value string }
	link struct{ Name, URL string }
)

func (s *site) index(w http.ResponseWriter, r *http.Request) {
	own, _ := labelsOf(r.URL.Query())
	c := s.content(r, own)
	c.Title, c.Index = c.Words["index"], s.list(c.Lang)
	s.show(w, http.StatusOK, c)
}

func (s *site) book(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("alert"), ".md")
	own, ignored := labelsOf(r.URL.Query())
	c := s.content(r, own)
	if !slices.Contains(s.names, name) {
		c.Title, c.Missing, c.Index = c.Words["missing"], name, s.list(c.Lang)
		s.show(w, http.StatusNotFound, c)
		return
	}
	c.Title = name
	text, err := s.source(name, c.Lang)
	if err != nil && c.Lang != english {
		c.Untranslated = true
		text, err = s.source(name, english)
	}
	if err != nil {
		http.Error(w, "the runbook cannot be read", http.StatusInternalServerError)
		return
	}
	c.Labels, c.Ignored = own, ignored
	if c.Body, err = render(text, c.Labels, query(c.Labels, c.Lang)); err != nil {
		http.Error(w, "the runbook cannot be shown", http.StatusInternalServerError)
		return
	}
	s.show(w, http.StatusOK, c)
}

func (s *site) source(name, lang string) ([]byte, error) {
	if lang == english {
		lang = ""
	}
	return fs.ReadFile(s.books, path.Join(lang, name+".md"))
}

func (s *site) show(w http.ResponseWriter, status int, c content) {
	var b bytes.Buffer
	if err := s.page.Execute(&b, c); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", c.Lang)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// content is what all pages have. own are the labels that its links keep.
func (s *site) content(r *http.Request, own []pair) content {
	lang := s.languageOf(r)
	other := map[string]string{english: chinese, chinese: english}[lang]
	return content{
		Lang: lang, Words: words(lang), Other: other, OtherName: words(other)["name"],
		OtherURL: r.URL.EscapedPath() + "?" + query(own, other), IndexURL: Root + "?lang=" + lang,
	}
}

// list links to all runbooks.
func (s *site) list(lang string) []link {
	var all []link
	for _, name := range s.names {
		all = append(all, link{name, Root + name + "?lang=" + lang})
	}
	return all
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
func (s *site) languageOf(r *http.Request) string {
	asked := r.URL.Query().Get(languageParameter)
	if asked == english || asked == chinese {
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
