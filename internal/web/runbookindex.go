package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// runbookGroup are the runbooks of one signal.
type runbookGroup struct {
	// Lang is the language of Help.
	Signal, Help, Lang string
	Runbooks           []runbookLink
}

type runbookLink struct{ Name, URL, Severity, Summary string }

// search is what is looked for in the list of runbooks, and how many there are of it.
type search struct {
	Query      string
	Found, All int
}

// longestQuery bounds what is looked for, in bytes.
const longestQuery = 200

// runbookIndex lists the runbooks that have all words of the parameter q in their name,
// their signal or what they are about, in either language; all without one.
func (s *server) runbookIndex(w http.ResponseWriter, r *http.Request) {
	query := strings.ToValidUTF8(r.URL.Query().Get("q"), "")
	query = strings.ToValidUTF8(query[:min(len(query), longestQuery)], "")
	var kept []pair
	if query = strings.TrimSpace(query); query != "" {
		kept = []pair{{"q", query}}
	}
	c := s.content(r, "../", kept)
	c.Title, c.Index = c.Words["index"], s.runbookGroups(c.Lang, query)
	c.Search = &search{Query: query, All: len(s.alerts)}
	for _, group := range c.Index {
		c.Search.Found += len(group.Runbooks)
	}
	s.show(w, http.StatusOK, s.runbookTemplate, c)
}

// runbookGroups link to the runbooks that a query finds, by signal in the order of the
// rules.
func (s *server) runbookGroups(lang, query string) []runbookGroup {
	words := strings.Fields(strings.ToLower(query))
	var all []runbookGroup
	for _, a := range s.Rules.Alerts() {
		if !slices.Contains(s.alerts, a.Name) || !s.about(a, words) {
			continue
		}
		i := slices.IndexFunc(all, func(one runbookGroup) bool { return one.Signal == a.Signal })
		if i < 0 {
			i = len(all)
			all = append(all, s.groupOf(a.Signal, lang))
		}
		all[i].Runbooks = append(all[i].Runbooks, runbookLink{a.Name, a.Name + "?lang=" + lang, a.Severity, s.summary(a, lang)})
	}
	return all
}

// about tells whether an alert has all words.
func (s *server) about(a ruleeval.Alert, words []string) bool {
	text := strings.ToLower(strings.Join([]string{a.Name, a.Signal, a.Severity, a.Summary, s.Summaries[a.Name]}, "\n"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// groupOf says what a signal is about, which that of kubevitals itself has no definition of.
func (s *server) groupOf(name, lang string) runbookGroup {
	group := runbookGroup{Signal: name, Lang: english}
	for _, d := range s.Definitions {
		if d.Name == name {
			group.Help, group.Lang = helpOf(d, lang)
		}
	}
	return group
}
