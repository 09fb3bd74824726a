package report

import (
	"fmt"
	"regexp"
	"time"

	"github.com/prometheus/common/model"

	"github.com/kubevitals/kubevitals/internal/humanize"
)

// The languages of reports for people: text, Markdown and HTML.
const (
	English = "en"
	Chinese = "zh-TW"
)

// words are the formats of a language by those in English.
type words map[string]string

func wordsOf(language string) words {
	if language == Chinese {
		return inChinese()
	}
	return nil
}

// say is fmt.Sprintf in the language. What it has no words for is said in English.
func (w words) say(format string, args ...any) string {
	if own, ok := w[format]; ok {
		format = own
	}
	if len(args) == 0 {
		return format // a name, or a sentence in which nothing is filled in
	}
	return fmt.Sprintf(format, args...)
}

// span is a duration of Prometheus, such as 5m.
func (w words) span(d string) string {
	parsed, err := model.ParseDuration(d)
	if w == nil || err != nil {
		return d
	}
	return humanize.Chinese().Span(time.Duration(parsed))
}

// Traits tells in one line how severe an alert is, how long Prometheus waits before it fires,
// such as 5m or 0s, and which signal it is about.
func Traits(language, severity, wait, signal string) string {
	w := wordsOf(language)
	if wait == "0s" {
		return w.say("%s, at once, signal %s", w.say(severity), signal)
	}
	return w.say("%s, after %s, signal %s", w.say(severity), w.span(wait), signal)
}

var someOf = regexp.MustCompile(`^(\d+) of (\d+) nodes$`)

// nodes is of how many nodes something is missing.
func (w words) nodes(of string) string {
	if part := someOf.FindStringSubmatch(of); part != nil {
		return w.say("%s of %s nodes", part[1], part[2])
	}
	return of
}

// inChinese has the same verbs in each line, in the same order: a test compares them.
func inChinese() words {
	return words{
		"critical": "嚴重", "warning": "警告", "info": "資訊", "CRITICAL": "嚴重", "WARNING": "警告", "INFO": "資訊",
		", ": "、", "; ": "；", "%s: %s": "%s：%s", "%d %s": "%d 項%s", "%d (%s)": "%d（%s）",

		"The time is that of the dump, by %s.": "時間是傾印的時間，依據：%s。",
		"its manifest":                         "它的清單檔", "the latest time that its objects agree on": "其中的物件所一致的最晚時間",
		"its file timestamp": "其中的 timestamp 檔", "the time of the file": "檔案的時間",

		"Could not be read:": "讀不到的部分：", "Could not be read": "讀不到的部分", "without a source: %s": "缺少來源：%s",
		"and %d more, which -o json tells": "其餘 %d 項以 -o json 列出", "and %d more, which -o json names": "其餘 %d 項以 -o json 列出",
		"and %d more, which `-o json` tells": "其餘 %d 項以 `-o json` 列出", "and %d more, which `-o json` names": "其餘 %d 項以 `-o json` 列出",
		"%d more, of these or other alerts, which stand below; -o json names all.": "其餘 %d 項事件屬於這些或其他告警，列於下方；-o json 會全部列出。",
		"%d more": "其餘 %d 個", " and %d more": "，以及其餘 %d 個",
		" And %d more of this alert.": "這個告警另有 %d 項。", " And %d more of this alert, in all of %s.": "這個告警另有 %d 項，總共包括 %s。",

		"Likely consequences of the above:": "可能由上述問題引起的告警：", "Likely consequences:": "可能引起：", "Likely consequences": "可能引起的告警",
		"Evidence and commands of what follows from these causes: --unfold.": "由這些原因引起的告警，其判斷依據與指令：--unfold。",
		"Look first:": "先看：", "Runbook: %s": "處理手冊：%s", "Runbook": "處理手冊", "Since %s.": "開始於 %s。", "Details": "詳細內容",
		"%s, at once, signal %s": "%s，立即告警，訊號 %s", "%s, after %s, signal %s": "%s，持續 %s後告警，訊號 %s",
		" Alert fires after %s.": "持續 %s後告警。", " (Not for long enough to be an alert yet.)": "（持續時間還不足以觸發告警。）",
		"| severity | what is wrong | since | likely consequences |": "| 嚴重程度 | 問題 | 開始於 | 可能引起的告警 |",

		"Not for long enough to be an alert yet: %s; --stays=1h tells more.": "持續時間還不足以觸發告警的有 %s；--stays=1h 會列出更多。",
		"Not looked at here: %s.": "這裡沒有查看：%s。", "Asked for, but this look cannot tell: %s.": "指定要看，但這次無法判斷：%s。",
		"Alerts about blind spots: %d, which -o json names.": "看不到的部分所屬的告警：%d 個，以 -o json 列出。", "Alerts about blind spots: %s.": "看不到的部分所屬的告警：%s。",
		"Alerts that %s, for Prometheus to evaluate: %d.": "%s、由 Prometheus 評估的告警：%d 個。",
		"need more than the one moment of the dump":       "需要傾印以外時間的資料", "look further back than a check": "需要更久的歷史資料",
		"need a second sample (--window=15s) or look further back than a check": "需要第二次取樣 (--window=15s) 或更久的歷史資料",

		"this node is not ready: %s": "這個節點未就緒：%s", "%d nodes are not ready: %s": "%d 個節點未就緒：%s",
		"No alert holds yet, of %d, and %s.":                         "評估的 %d 個告警都還沒有觸發，但是%s。",
		"All clear in what the dump holds: none of %d alerts holds.": "傾印所含的部分一切正常：評估的 %d 個告警都沒有觸發。",
		"All clear: none of %d alerts holds.":                        "一切正常：評估的 %d 個告警都沒有觸發。",
		"All clear":                                                  "一切正常",
		"Could not tell":                                             "無法判斷",
		"Incidents: %s":                                              "事件：%s",
		"Incidents: %s. Alerts: %d of %d evaluated. Findings: %d.":   "事件：%s。觸發的告警：%d 個，共評估 %d 個。發現：%d 項。",
		"Could not tell: none of %d alerts holds, but not everything could be looked at.": "無法判斷：評估的 %d 個告警都沒有觸發，但有些部分查看不到。",
		"Not in the dump: %s.": "傾印裡沒有：%s。", "Not there: %s.": "不存在：%s。",

		"kubelets (%s)": "kubelet（%s）", "kubelets of %s (%s)": "%s的 kubelet（%s）", "%s of %s nodes": "%s 個節點（共 %s 個）",
		"file %s": "檔案 %s", "files %s": "檔案 %s", "source %s": "來源 %s", "sources %s": "來源 %s", "collector %s": "收集器 %s", "collectors %s": "收集器 %s",

		"Since %s:": "自 %s：", "nothing began, ended or changed.": "沒有開始、結束或改變的事件。",
		"Began": "開始", "Ended": "結束", "Ongoing": "持續中",
		"Seen for the first time, where the first could not tell": "首次看到，先前無法判斷", "No longer seen, where the second cannot tell": "不再看到，現在無法判斷",
		"was %s": "先前為%s", "followed before from: %s": "先前起因於：%s", "follows now: %s: %s": "現在引起：%s：%s", "ended: %s: %s": "已結束：%s：%s",
	}
}
