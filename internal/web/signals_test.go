package web

import (
	"regexp"
	"slices"
	"testing"

	"github.com/kubevitals/kubevitals/collectors"
)

// TestSignalsAreTranslated verifies that there is Chinese for each signal of the catalogue
// and for nothing else.
func TestSignalsAreTranslated(t *testing.T) {
	t.Parallel()
	var names []string
	for _, d := range collectors.Catalogue() {
		names = append(names, d.Name)
		if help, spoken := helpOf(d, chinese); spoken != chinese || !regexp.MustCompile(`\p{Han}.*。$`).MatchString(help) {
			t.Errorf("%s: %q is no sentence in Chinese", d.Name, help)
		}
		if help, spoken := helpOf(d, english); spoken != english || help != d.Help {
			t.Errorf("%s: %q in %s, want the help in English", d.Name, help, spoken)
		}
	}
	for name := range signalsInChinese() {
		if !slices.Contains(names, name) {
			t.Errorf("%s is translated and no signal", name)
		}
	}
	if help, spoken := helpOf(collectors.Definition{Name: "new", Help: "It is new."}, chinese); help != "It is new." || spoken != english {
		t.Errorf("without a translation: %q in %s", help, spoken)
	}
}

// TestWordsAreThoseOfBothLanguages verifies that no text of a page is missing in one language, and
// that both have the same verbs of formats.
func TestWordsAreThoseOfBothLanguages(t *testing.T) {
	t.Parallel()
	en, zh := inEnglish(), inChinese()
	verbs := regexp.MustCompile(`%[a-z]`)
	for key, text := range en {
		if zh[key] == "" {
			t.Errorf("%s, %q, has no Chinese", key, text)
		}
		if got, want := verbs.FindAllString(zh[key], -1), verbs.FindAllString(text, -1); !slices.Equal(got, want) {
			t.Errorf("%s has %q in Chinese, %q in English", key, got, want)
		}
	}
	ofTables := regexp.MustCompile(`^(table|column|cell)-`) // which have their English from elsewhere
	for key := range zh {
		if en[key] == "" && !ofTables.MatchString(key) {
			t.Errorf("%s is in Chinese only", key)
		}
	}
}
