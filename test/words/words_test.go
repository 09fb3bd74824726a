// Package words_test holds all that users read to one table of words: what was odd does
// not come back, and one thing has one term.
package words_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// root is the tree whose texts are read.
const root = "../.."

// change is a word that went, and a text with the word that came.
type change struct {
	Old, Was, New string
}

// term is the one name of a thing in Chinese.
type term struct {
	Thing, Term string
	Never       []string
}

type table struct {
	English, Chinese []change
	Glossary         []term
}

func load(t *testing.T) table {
	t.Helper()
	raw, err := os.ReadFile("words.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var words table
	if err := yaml.UnmarshalStrict(raw, &words); err != nil {
		t.Fatal(err)
	}
	if len(words.English) == 0 || len(words.Chinese) == 0 || len(words.Glossary) == 0 {
		t.Fatal("words.yaml has a part without words")
	}
	return words
}

// forbidden is what must not stand in a text, and what stands there instead.
type forbidden struct {
	pattern *regexp.Regexp
	instead string
}

func forbid(t *testing.T, pattern, instead string) forbidden {
	t.Helper()
	compiled, err := regexp.Compile("(?i)" + pattern)
	if err != nil {
		t.Fatal(err)
	}
	return forbidden{compiled, instead}
}

// all are the words that no text may have. Those in Chinese cannot be in an English one.
func (words table) all(t *testing.T) []forbidden {
	t.Helper()
	var list []forbidden
	for _, c := range append(words.English, words.Chinese...) {
		list = append(list, forbid(t, c.Old, c.New))
	}
	for _, g := range words.Glossary {
		for _, never := range g.Never {
			list = append(list, forbid(t, regexp.QuoteMeta(never), g.Term+" ("+g.Thing+")"))
		}
	}
	return list
}

// found are the old words of a text, each with what is written instead.
func found(list []forbidden, text string) []string {
	text = strings.Join(strings.Fields(text), " ") // a line may end within a phrase
	var all []string
	for _, f := range list {
		if at := f.pattern.FindStringIndex(text); at != nil {
			all = append(all, "“"+text[at[0]:at[1]]+"” in “"+around(text, at)+"”: write as in “"+f.instead+"”")
		}
	}
	return all
}

// around is a piece of text with a match in its middle.
func around(text string, at []int) string {
	const width = 40
	from, to := max(0, at[0]-width), min(len(text), at[1]+width)
	return strings.ToValidUTF8(text[from:to], "")
}

// TestNoOldWordIsLeft reads all that users read.
func TestNoOldWordIsLeft(t *testing.T) {
	t.Parallel()
	list := load(t).all(t)
	for _, source := range sources() {
		texts := source.read(t)
		if len(texts) < source.least {
			t.Errorf("%s: only %d texts were found, of %d at least", source.what, len(texts), source.least)
		}
		for _, one := range texts {
			for _, problem := range found(list, one.text) {
				t.Errorf("%s: %s", one.where, problem)
			}
		}
	}
}

// TestTheTableFindsWhatItSays verifies that each word is found in the text that had it,
// and that no text that is written now has one.
func TestTheTableFindsWhatItSays(t *testing.T) {
	t.Parallel()
	words := load(t)
	list := words.all(t)
	for _, c := range append(words.English, words.Chinese...) {
		if len(found([]forbidden{forbid(t, c.Old, c.New)}, c.Was)) == 0 {
			t.Errorf("%q does not find %q", c.Old, c.Was)
		}
		for _, problem := range found(list, c.New) {
			t.Errorf("what is written now: %s", problem)
		}
	}
	for _, g := range words.Glossary {
		if len(g.Never) == 0 || g.Term == "" {
			t.Errorf("%s has no term, or nothing that is not to be written", g.Thing)
		}
		for _, problem := range found(list, g.Term) {
			t.Errorf("a term of the glossary: %s", problem)
		}
	}
	for _, innocent := range []string{"The node departed.", "It has not seen the object.", "2 partitioned zones"} {
		if problems := found(list, innocent); len(problems) > 0 {
			t.Errorf("%q counts as old: %q", innocent, problems)
		}
	}
}

// TestTermsAreUsed verifies that the glossary is about words that there are.
func TestTermsAreUsed(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, source := range sources() {
		for _, one := range source.read(t) {
			all.WriteString(one.text)
		}
	}
	for _, g := range load(t).Glossary {
		if !strings.Contains(all.String(), g.Term) {
			t.Errorf("%s, the term for %s, is in no text", g.Term, g.Thing)
		}
	}
}
