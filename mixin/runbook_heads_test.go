package mixin_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/mixin"
	"github.com/kubevitals/kubevitals/test/fresh"
)

// TestRunbookHeadsAreFresh verifies what stands above the sections of each runbook:
// its title, what the alert means, and a table of what is known of the alert. All of
// it is generated but the sentence in Chinese.
func TestRunbookHeadsAreFresh(t *testing.T) {
	t.Parallel()
	p := load(t)
	titles := map[string]string{}
	for _, d := range p.Dashboards {
		titles[d.UID] = strings.TrimPrefix(d.Title, "kubevitals / ")
	}
	causes, forms := loadCauses(t), loadForms(t)
	for _, a := range p.Alerts {
		together, chineseTogether := formLines(forms[a.Name])
		row := fmt.Sprintf("| --- | --- | --- | --- |\n| %s | %s | %s | %s |\n",
			a.Labels["severity"], a.Labels["signal"], strings.Join(p.metricsOf(a), ", "), titles[DashboardOf(a)])
		english, chinese := "runbooks/"+a.Name+".md", "runbooks/zh-TW/"+a.Name+".md"
		freshHead(t, english, a.Name, a.Annotations["summary"], "| severity | signal | metric | dashboard |\n"+row+together+causesLines(causes, a.Name, "Explained by: ", "Explains: "))
		freshHead(t, chinese, a.Name, mixin.Summary(read(t, chinese)), "| 嚴重程度 | 訊號 | 指標 | 儀表板 |\n"+row+chineseTogether+causesLines(causes, a.Name, "可能的起因：", "可能引起："))
	}
}

// formLines say in English and in Chinese when an alert tells of many in one. Both are
// nothing where it has no form for many.
func formLines(f form) (english, chinese string) {
	if f.limit == 0 {
		return "", ""
	}
	what := strings.Join(f.labels, "`, `")
	return fmt.Sprintf("\nMore than %d at once, told apart by `%s`, are one alert with the label `objects=\"many\"`, which names some of them: take one of these for the commands below. `kubevitals check` names all.\n", f.limit, what),
		fmt.Sprintf("\n以 `%s` 區分，同時超過 %d 個時合為一個帶有標籤 `objects=\"many\"` 的告警，並寫出其中幾個：以下指令請選用其中之一。`kubevitals check` 會列出全部。\n", what, f.limit)
}

// causesLines name what explains an alert and what it explains, with their runbooks. Both
// may be nothing.
func causesLines(all []explanation, alert, explained, explains string) string {
	causes, effects := causesOf(all, alert)
	text := ""
	for _, line := range []struct {
		words string
		names []string
	}{{explained, causes}, {explains, effects}} {
		var links []string
		for _, name := range line.names {
			links = append(links, fmt.Sprintf("[%s](%s.md)", short(name), name))
		}
		if len(links) > 0 {
			text += "\n" + line.words + strings.Join(links, ", ") + "\n"
		}
	}
	return text
}

// freshHead replaces what stands above the first section of a runbook.
func freshHead(t *testing.T, file, title, summary, table string) {
	t.Helper()
	_, sections, ok := strings.Cut(read(t, file), "\n## ")
	if !ok || summary == "" {
		t.Errorf("%s: no section, or no summary below the title", file)
		return
	}
	fresh.File(t, file, fmt.Appendf(nil, "# %s\n\n%s\n\n%s\n## %s", title, summary, table, sections))
}

// metricsOf returns the metrics that make an alert fire, as code. In place of what is
// recorded stand the metrics that it is recorded from.
func (p Pack) metricsOf(a Alert) []string {
	var all []string
	for _, name := range telling(a.Expr) {
		if name == a.Name { // it remembers itself
			continue
		}
		names := []string{"`" + name + "`"}
		if i := slices.IndexFunc(p.Records, func(r Alert) bool { return r.Name == name }); i >= 0 {
			names = p.metricsOf(p.Records[i])
		}
		for _, name := range names {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}
