package translate

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The notation of translated descriptions is that of templates of Prometheus, with words
// for what the English description has and a translation need not repeat:
//
//	<cluster>        of which cluster, if it has a name
//	<node>           the label node of the alert, or any other label
//	<value>          the value of the alert; <value humanize> through a function
//	Q1               the first of the queries of the English description, within braces
//	<list 5 name>    the label name of the first five samples, as a list
//	<shared NAME>    a text that several share
var (
	queryEnglish = regexp.MustCompile("query (?:\\(printf `[^`]*`[^)]*\\)|`[^`]*`)")
	queryNumber  = regexp.MustCompile(`\bQ(\d+)\b`)
	action       = regexp.MustCompile(`\{\{.*?\}\}`)
	sharedText   = regexp.MustCompile(`<shared (\w+)>`)
	listText     = regexp.MustCompile(`<list (\d+) (\w+)>`)
	valueText    = regexp.MustCompile(`<value(?: (\w+))?>`)
	labelText    = regexp.MustCompile(`<(\w+)>`)
)

const (
	ofCluster = `{{ with or $labels.cluster $externalLabels.cluster }}叢集 {{ . }} 的{{ end }}`
	firstOf   = `{{ range $i, $one := . }}{{ if lt $i %[1]s }}{{ if $i }}、{{ end }}{{ $one.Labels.%[2]s }}{{ end }}{{ end }}{{ if gt (len .) %[1]s }} 等{{ end }}`
)

// template makes a template of a translated description, with the queries of the English
// one. The error names a query or a text that there is not.
func template(text, english string, shared map[string]string) (string, error) {
	var wrong error
	text = sharedText.ReplaceAllStringFunc(text, func(m string) string {
		name := sharedText.FindStringSubmatch(m)[1]
		if shared[name] == "" {
			wrong = fmt.Errorf("there is no shared text %s", name)
		}
		return shared[name]
	})
	text = listText.ReplaceAllStringFunc(text, func(m string) string {
		part := listText.FindStringSubmatch(m)
		return fmt.Sprintf(firstOf, part[1], part[2])
	})
	text = strings.ReplaceAll(text, "<cluster>", ofCluster)
	text = valueText.ReplaceAllStringFunc(text, func(m string) string {
		if function := valueText.FindStringSubmatch(m)[1]; function != "" {
			return "{{ $value | " + function + " }}"
		}
		return "{{ $value }}"
	})
	text = labelText.ReplaceAllString(text, "{{ $$labels.$1 }}")
	queries := queryEnglish.FindAllString(english, -1)
	text = action.ReplaceAllStringFunc(text, func(within string) string {
		return queryNumber.ReplaceAllStringFunc(within, func(m string) string {
			n, err := strconv.Atoi(m[1:])
			if err != nil || n < 1 || n > len(queries) {
				wrong = fmt.Errorf("the English description has %d queries, and no %s", len(queries), m)
				return m
			}
			return queries[n-1]
		})
	})
	return text, wrong
}
