package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/internal/web"
)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	failing := func(context.Context) (*livestatus.Report, error) { return nil, errors.New(`no <b>report</b>`) }
	for _, test := range []struct {
		name   string
		report func(context.Context) (*livestatus.Report, error)
		code   int
		want   []string
	}{
		{"ok", reporting(t, healthy), http.StatusOK, []string{"All clear", "Nothing wrong found"}},
		{"incomplete", reporting(t, healthy+"kubevitals_source_available{source=\"nodes\",reason=\"timeout\"} 0\n"), http.StatusOK,
			[]string{"Could not tell", "Blind spots", "cannot read nodes: timeout", "deadline <b>exceeded</b>"}},
		{"a collector fails", reporting(t, healthy+"kubevitals_scrape_collector_success{collector=\"etcd\"} 0\n"), http.StatusOK,
			[]string{"Could not tell", "Collector etcd", "no <img src=\"x\"> there"}},
		{"no kubelet can be read", reporting(t, healthy+`kubevitals_kubelet_available{node="n",endpoint="configz",reason="tls"} 0`+"\n"), http.StatusOK,
			[]string{"Could not tell", "configz of 1 (tls)", "<i>configz</i>: tls"}},
		{"collectors fail for a source and for reasons of their own", reporting(t, healthy+waiting), http.StatusOK,
			[]string{"collector etcd", "it failed: no <img src=\"x\"> there", "collector node_disk", "waits for the source nodes"}},
		{"no report", failing, http.StatusServiceUnavailable, []string{"Could not tell", "no <b>report</b>", "Sources"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := get(t, pagesOver(t, test.report), "/?lang=en")
			if w.Code != test.code {
				t.Errorf("status %d, want %d", w.Code, test.code)
			}
			inOrder(t, parse(t, w.Body.String()).text.String(), test.want...)
		})
	}
	// The page asks again soon when there is more to come.
	for starting, want := range map[bool]string{false: `<div id="live">`, true: `<div id="live" data-starting>`} {
		report := func(ctx context.Context) (*livestatus.Report, error) {
			r, err := reporting(t, healthy)(ctx)
			r.Starting = starting
			return r, err
		}
		inOrder(t, get(t, pagesOver(t, report), "/").Body.String(), want)
	}
	// A runbook helps most when nothing can be read.
	w := get(t, pagesOver(t, failing), web.Root+diskPressure+"?lang=en")
	inOrder(t, parse(t, w.Body.String()).text.String(), "Nothing could be read at present")
	if w.Code != http.StatusOK {
		t.Errorf("runbook without a report: status %d", w.Code)
	}
}

func TestStatusInChinese(t *testing.T) {
	t.Parallel()
	w := get(t, handler(t), "/", "Accept-Language", "zh-TW")
	inOrder(t, w.Body.String(), `<html lang="zh-TW">`, "1 項嚴重、3 項警告", "事件", "磁碟滿了。（node=", "目前的問題", "磁碟滿了。", "看不到的部分", "收集器 etcd", "失敗了", "沒有發現問題",
		`<span lang="zh-TW">`, "<summary>來源</summary>", `<th scope="col">來源</th>`)
}

// TestManyFindings verifies that none is lost without a word.
func TestManyFindings(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 300 {
		many.WriteString(`kubevitals_node_disk_pressure{node="n-` + strings.Repeat("x", i+1) + "\"} 1\n")
	}
	p := parse(t, get(t, pagesOver(t, reporting(t, many.String())), "/?lang=en").Body.String())
	links := 0
	for _, l := range p.links {
		if strings.HasPrefix(l, "runbooks/"+diskPressure+"?") {
			links++
		}
	}
	if links != 50+205 || !strings.Contains(p.text.String(), "More: 295") || !strings.Contains(p.text.String(), "are listed below: 250") {
		t.Errorf("%d links to 300 findings, want 50 incidents, 205 findings and their numbers", links)
	}
}
