// Package translate says of findings in another language what the annotations of their
// alerts say in English.
package translate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/humanize"
	"github.com/kubevitals/kubevitals/mixin"
)

// Translator knows the texts of one language. It never changes, and is safe for concurrent
// use.
type Translator struct {
	rules                   *ruleeval.Rules
	summaries, descriptions map[string]string
	functions               map[string]any
}

// Chinese returns a translator into Traditional Chinese. It fails where a text is not in
// the notation of this package.
func Chinese(rules *ruleeval.Rules) (*Translator, error) {
	const language = "zh-TW"
	summaries, err := mixin.Summaries(language)
	if err != nil {
		return nil, err
	}
	texts, err := mixin.Descriptions(language)
	if err != nil {
		return nil, err
	}
	t := &Translator{
		rules: rules, summaries: summaries, descriptions: map[string]string{},
		functions: map[string]any{"humanizeDuration": func(seconds any) (string, error) { return span(humanize.Chinese(), seconds) }},
	}
	for _, alert := range rules.Alerts() {
		text, ok := texts[alert.Name]
		if !ok {
			continue // it stays English
		}
		if t.descriptions[alert.Name], err = template(text, alert.Description, texts); err != nil {
			return nil, fmt.Errorf("description of %s in %s: %w", alert.Name, language, err)
		}
	}
	return t, nil
}

// Summary is what an alert means, or the same text where there is no translation.
func (t *Translator) Summary(alert, english string) string {
	if text := t.summaries[alert]; text != "" {
		return text
	}
	return english
}

// Result returns the result with its alerts and incidents in the other language, by the
// samples that it was made of. What cannot be translated stays English: a text in another
// language is better than none.
func (t *Translator) Result(ctx context.Context, r *diagnosis.Result, s *ruleeval.Samples) *diagnosis.Result {
	own := *r
	own.Alerts, own.Incidents = slices.Clone(r.Alerts), slices.Clone(r.Incidents)
	said := map[string]string{} // English to the other: an incident has the findings of alerts
	for i := range own.Alerts {
		a := &own.Alerts[i]
		a.Summary, a.Findings = t.Summary(a.Alert, a.Summary), slices.Clone(a.Findings)
		for j := range a.Findings {
			f := &a.Findings[j]
			text := t.description(ctx, *f, s)
			said[f.Alert+"\x00"+f.Description] = text
			f.Summary, f.Description = a.Summary, text
		}
	}
	member := func(m *incident.Member) {
		if text, ok := said[m.Alert+"\x00"+m.Description]; ok {
			m.Description, m.Finding.Description = text, text
			m.Finding.Summary = t.Summary(m.Alert, m.Finding.Summary)
		}
	}
	for i := range own.Incidents {
		one := &own.Incidents[i]
		one.Consequences = slices.Clone(one.Consequences)
		member(&one.Cause)
		for j := range one.Consequences {
			member(&one.Consequences[j])
		}
		one.Summary = one.Cause.Sentence()
	}
	return &own
}

func (t *Translator) description(ctx context.Context, f ruleeval.Finding, s *ruleeval.Samples) string {
	text, ok := t.descriptions[f.Alert]
	if !ok {
		return f.Description
	}
	full, err := t.rules.Expand(ctx, s, f, text, t.functions)
	if err != nil {
		return f.Description
	}
	return strings.TrimSpace(full)
}

// span writes a duration in seconds, which may be negative, in the words of a language.
func span(words humanize.Words, seconds any) (string, error) {
	v, err := strconv.ParseFloat(fmt.Sprint(seconds), 64)
	if err != nil {
		return "", fmt.Errorf("humanizeDuration: %w", err)
	}
	sign := ""
	if v < 0 {
		v, sign = -v, "-"
	}
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return sign + strconv.FormatFloat(v, 'g', 4, 64), nil
	case v < 1:
		return sign + strconv.FormatFloat(1000*v, 'g', 3, 64) + " 毫秒", nil
	case v < 10 && v != math.Trunc(v):
		return sign + strconv.FormatFloat(v, 'g', 3, 64) + words.Units[len(words.Units)-1], nil
	}
	return sign + words.Span(time.Duration(min(v, 9e9)*float64(time.Second))), nil
}
