package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/test/shards"
)

// scrapeAll scrapes exporters, and evaluates the rules over what they say together.
func scrapeAll(t *testing.T, rules *ruleeval.Rules, pages ...string) shards.Told {
	t.Helper()
	var all []exporter.Families
	for _, page := range pages {
		families, err := exporter.Parse(strings.NewReader(fetch(t, page+"metrics")))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, families)
	}
	told, err := shards.Of(t.Context(), rules, all...)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// TestShardsTellAllOnce verifies that three shards together tell the series that one
// exporter tells alone, none of them twice, and that the same alerts fire.
func TestShardsTellAllOnce(t *testing.T) {
	t.Parallel()
	demo, err := fakecluster.Demo(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	files := played(t, demo)
	rules, err := diagnosis.AlertRules()
	if err != nil {
		t.Fatal(err)
	}
	start := func(flags ...string) string {
		return serving(t, append(flags, "--kubeconfig="+files.Kubeconfig, "--kubelet.ca-file="+files.KubeletCA)...)
	}
	whole := start()
	var divided []string
	for i := range 3 {
		divided = append(divided, start(fmt.Sprintf("--shard=%d", i), "--total-shards=3"))
	}
	// What is read comes by and by, and to each at another time.
	eventually(t, func() error {
		one := scrapeAll(t, rules, whole)
		if len(one.Series) < 100 || len(one.Alerts) == 0 {
			return fmt.Errorf("%d series and %d alerts", len(one.Series), len(one.Alerts))
		}
		return shards.Differs(one, scrapeAll(t, rules, divided...))
	})
	for i, shard := range divided {
		waitForPage(t, shard, []string{fmt.Sprintf("shard %d of 3", i)})
		if n := len(scrapeAll(t, rules, shard).Series); n < 5 {
			t.Errorf("shard %d tells %d series", i, n)
		}
	}
}

func TestShardOfPod(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		index, total int
		pod          string
		scope        collectors.Scope
		want         exporter.Shard
		says         string
	}{
		{noShard, 1, "", collectors.Cluster, exporter.Shard{Index: 0, Total: 1}, ""},
		{noShard, 1, "kubevitals-7f-x", collectors.Node, exporter.Shard{Index: 0, Total: 1}, ""},
		{noShard, 3, "kubevitals-2", collectors.Cluster, exporter.Shard{Index: 2, Total: 3}, ""},
		{1, 3, "kubevitals-2", collectors.Cluster, exporter.Shard{Index: 1, Total: 3}, ""},
		{noShard, 3, "kubevitals-3", collectors.Cluster, exporter.Shard{}, "no shard 3 of 3"},
		{noShard, 3, "kubevitals-abc", collectors.Cluster, exporter.Shard{}, "--shard"},
		{0, 2, "", collectors.Node, exporter.Shard{}, "--scope=node"},
	} {
		s := sharding{index: tt.index, total: tt.total}
		got, err := s.of(tt.pod, tt.scope)
		if tt.says == "" && (err != nil || got != tt.want) || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%+v: %+v, %v", tt, got, err)
		}
	}
}
