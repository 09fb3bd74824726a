package web

import (
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// shelf are the runbooks of one signal.
type shelf struct {
	Signal string
	Books  []entry
}

type entry struct{ Name, URL, Severity, Summary string }

func (s *site) index(w http.ResponseWriter, r *http.Request) {
	c := s.content(r, "../", nil)
	c.Title, c.Index = c.Words["index"], s.shelves(c.Lang)
	s.show(w, http.StatusOK, s.runbook, c)
}

func (s *site) book(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("alert"), ".md")
	own, ignored := labelsOf(r.URL.Query())
	c := s.content(r, "../", own)
	if !slices.Contains(s.names, name) {
		c.Title, c.Missing, c.Index = c.Words["missing"], name, s.shelves(c.Lang)
		s.show(w, http.StatusNotFound, s.runbook, c)
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
	c.Evidence = s.evidence(r.Context(), name, c)
	s.show(w, http.StatusOK, s.runbook, c)
}

func (s *site) source(name, lang string) ([]byte, error) {
	if lang == english {
		lang = ""
	}
	return fs.ReadFile(s.Books, path.Join(lang, name+".md"))
}

// shelves link to all runbooks, by signal in the order of the rules.
func (s *site) shelves(lang string) []shelf {
	var all []shelf
	for _, a := range s.Rules.Alerts() {
		if !slices.Contains(s.names, a.Name) {
			continue
		}
		i := slices.IndexFunc(all, func(one shelf) bool { return one.Signal == a.Signal })
		if i < 0 {
			i = len(all)
			all = append(all, shelf{Signal: a.Signal})
		}
		all[i].Books = append(all[i].Books, entry{a.Name, a.Name + "?lang=" + lang, a.Severity, s.summary(a, lang)})
	}
	return all
}

// summary is what an alert means, in one sentence.
func (s *site) summary(a ruleeval.Alert, lang string) string {
	if translated := s.Summaries[a.Name]; lang == chinese && translated != "" {
		return translated
	}
	return a.Summary
}
