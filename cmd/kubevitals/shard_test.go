package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// told is what some exporters say in one scrape of each.
type told struct {
	// series are those that are not about an exporter itself, with how often each was
	// told, and what the parts of counts add up to.
	series map[string]int
	// alerts are those that fire by all of it, with their labels.
	alerts map[string]bool
}

// scrapeAll scrapes exporters, and evaluates the rules over what they say together.
func scrapeAll(t *testing.T, rules *ruleeval.Rules, pages ...string) told {
	t.Helper()
	all, said := []exporter.Families{}, told{map[string]int{}, map[string]bool{}}
	for _, page := range pages {
		families, err := exporter.Parse(strings.NewReader(fetch(t, page+"metrics")))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, families)
		for _, f := range families {
			name := f.Desc.Name
			if !strings.HasPrefix(name, "kubevitals_") || strings.HasPrefix(name, "kubevitals_s") && !strings.HasPrefix(name, "kubevitals_stale") || name == "kubevitals_build_info" {
				continue // of the process, its sources and its scrapes
			}
			shard := slices.Index(f.Desc.Labels, "shard")
			f.Each(func(labels []string, value float64) {
				if shard < 0 {
					said.series[fmt.Sprint(name, f.Desc.Labels, labels)]++
					return
				}
				// Each shard tells its part of a count, which is what they have to add up to.
				labels = slices.Delete(slices.Clone(labels), shard, shard+1)
				said.series[fmt.Sprint(name, f.Desc.Labels, labels)] += int(value)
			})
		}
	}
	samples := ruleeval.NewSamples(map[string]string{"job": "kubevitals", "cluster": "c"})
	samples.Add(slices.Concat(all...), time.Now())
	evaluation, err := rules.Evaluate(t.Context(), samples)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range evaluation.Findings {
		if f.Signal != "exporter" {
			said.alerts[fmt.Sprint(f.Alert, f.Labels)] = true
		}
	}
	return said
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
	var shards []string
	for i := range 3 {
		shards = append(shards, start(fmt.Sprintf("--shard=%d", i), "--total-shards=3"))
	}
	// What is read comes by and by, and to each at another time.
	eventually(t, func() error {
		one, parts := scrapeAll(t, rules, whole), scrapeAll(t, rules, shards...)
		if len(one.series) < 100 || len(one.alerts) == 0 {
			return fmt.Errorf("%d series and %d alerts", len(one.series), len(one.alerts))
		}
		if !maps.Equal(one.series, parts.series) {
			return fmt.Errorf("series: %s", difference(one.series, parts.series))
		}
		if !maps.Equal(one.alerts, parts.alerts) {
			return fmt.Errorf("alerts: %s", difference(one.alerts, parts.alerts))
		}
		return nil
	})
	for i, shard := range shards {
		waitForPage(t, shard, []string{fmt.Sprintf("shard %d of 3", i)})
		if n := len(scrapeAll(t, rules, shard).series); n < 5 {
			t.Errorf("shard %d tells %d series", i, n)
		}
	}
}

// difference names what differs.
func difference[V comparable](alone, together map[string]V) string {
	var list []string
	for name, v := range alone {
		if together[name] != v {
			list = append(list, fmt.Sprintf("\nalone %v, together %v: %s", v, together[name], name))
		}
	}
	for name, v := range together {
		if _, ok := alone[name]; !ok {
			list = append(list, fmt.Sprintf("\nnot alone, together %v: %s", v, name))
		}
	}
	slices.Sort(list)
	return strings.Join(list, "")
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
