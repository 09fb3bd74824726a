package web

import (
	"context"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/livestatus"
)

func (s *server) runbookPage(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("alert"), ".md")
	own, ignored := labelsOf(r.URL.Query())
	c := s.content(r, "../", own)
	if !slices.Contains(s.alerts, name) {
		c.Title, c.Missing, c.Index = c.Words["missing"], name, s.runbookGroups(c.Lang, "")
		s.show(w, http.StatusNotFound, s.runbookTemplate, c)
		return
	}
	c.Title = name
	text, err := s.markdown(name, c.Lang)
	if err != nil && c.Lang != english {
		c.Untranslated = true
		text, err = s.markdown(name, english)
	}
	if err != nil {
		http.Error(w, "the runbook cannot be read", http.StatusInternalServerError)
		return
	}
	c.Labels, c.Ignored = own, ignored
	c.Evidence = s.evidence(r.Context(), name, c)
	markdown := readerOf(c.Labels, query(c.Labels, c.Lang))
	if len(own) > 0 {
		c.Body, err = fixFirst(markdown, text, c.knows)
	} else {
		c.Body, err = whole(markdown, text)
	}
	if err != nil {
		http.Error(w, "the runbook cannot be shown", http.StatusInternalServerError)
		return
	}
	s.show(w, http.StatusOK, s.runbookTemplate, c)
}

// knows tells whether a word is the value of a label of the page, or of what the alert
// goes by at present.
func (c content) knows(word string) bool {
	return slices.ContainsFunc(c.Labels, func(l pair) bool { return l.Value == word }) || c.Evidence.States[word]
}

func (s *server) markdown(name, lang string) ([]byte, error) {
	if lang == english {
		lang = ""
	}
	return fs.ReadFile(s.Runbooks, path.Join(lang, name+".md"))
}

// report is what holds now, with alerts and incidents in a language.
func (s *server) report(ctx context.Context, lang string) (*livestatus.Report, error) {
	report, err := s.Report(ctx)
	if err != nil || lang != chinese {
		return report, err
	}
	return report.InChinese(), nil
}

// languageOf is the language of a text, which is in English where nobody has translated it.
func languageOf(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return chinese
	}
	return english
}

// summary is what an alert means, in one sentence.
func (s *server) summary(a ruleeval.Alert, lang string) string {
	if translated := s.Summaries[a.Name]; lang == chinese && translated != "" {
		return translated
	}
	return a.Summary
}
