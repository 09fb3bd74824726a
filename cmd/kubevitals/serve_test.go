package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// serving starts the program and returns the address of its pages. It is stopped
// after the test, which fails if it then does not end well.
func serving(t *testing.T, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append(args, "--web.listen-address=127.0.0.1:0", "--log.level=error"), w, io.Discard, func(*slog.Logger) {})
	}()
	var metrics, pages string
	if _, err := fmt.Fscanf(out, "kubevitals serves %s\nIts status page is %s\n", &metrics, &pages); err != nil {
		t.Fatal(err)
	}
	if metrics != pages+"metrics" {
		t.Errorf("metrics at %s and pages at %s", metrics, pages)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("exit code %d", code)
		}
	})
	return pages
}

// played starts a fake cluster, and returns the files by which the program reads it.
func played(t *testing.T, spec *fakecluster.Spec) fakecluster.Files {
	t.Helper()
	cluster, err := fakecluster.Start(t.Context(), spec, fakecluster.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	files, err := cluster.WriteFiles(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestPagesOfTheDemonstration looks for a finding on the status page, with its link
// to the runbook, and on that for the conditions of the node.
func TestPagesOfTheDemonstration(t *testing.T) {
	t.Parallel()
	pages := serving(t, "--demo", "--cluster-name=tiny")
	for path, texts := range map[string][]string{
		"": {`runbooks/KubeVitalsNodeDiskPressure?cluster=tiny&amp;lang=en&amp;node=worker-2`},
		"runbooks/KubeVitalsNodeDiskPressure?cluster=tiny&lang=en&node=worker-2":                                    {"Firing condition met", "NODE=&#39;worker-2&#39;", "DiskPressure", "KubeletHasDiskPressure", "FreeDiskSpaceFailed", "stats_summary"},
		"runbooks/KubeVitalsAutoscalingWithoutMetrics?lang=en&namespace=default&horizontalpodautoscaler=php-apache": {"HorizontalPodAutoscaler default/php-apache", "ScalingActive", "FailedGetResourceMetric"},
	} {
		waitForPage(t, pages+path, texts)
	}
}

// TestConditionsBesideARunbook verifies that a runbook shows what the cluster says of an
// APIService and of a namespace that it is about.
func TestConditionsBesideARunbook(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(write(t, ofKind("", ready("a"), dumped,
		`{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1.gone.example.com","creationTimestamp":"2026-01-01T00:00:00Z"},
			"spec":{"service":{"namespace":"gone","name":"api"}},"status":{"conditions":[{"type":"Available","status":"False","reason":"ServiceNotFound","message":"service/api is not present"}]}}`,
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"old","creationTimestamp":"2026-01-01T00:00:00Z","deletionTimestamp":"2026-01-02T10:00:00Z"},"status":{"phase":"Terminating","conditions":[
			{"type":"NamespaceFinalizersRemaining","status":"True","reason":"SomeFinalizersRemain","message":"example.com/hold in 3 resource instances"}]}}`,
	)))
	pages := serving(t, "--snapshot="+dir)
	for path, texts := range map[string][]string{
		"runbooks/KubeVitalsAggregatedAPIUnavailable?lang=en&backend=gone%2Fapi": {"APIService v1.gone.example.com", "ServiceNotFound: service/api is not present"},
		"runbooks/KubeVitalsNamespaceStuckTerminating?lang=en&namespace=old":     {"Namespace old", "example.com/hold in 3 resource instances"},
	} {
		waitForPage(t, pages+path, texts)
	}
}

// waitForPage waits until a page holds all the texts: what it tells is read by and by.
func waitForPage(t *testing.T, url string, texts []string) {
	t.Helper()
	eventually(t, func() error {
		page := strings.ReplaceAll(fetch(t, url), "<wbr>", "") // where long names may break
		missing := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return strings.Contains(page, text) })
		if len(missing) > 0 {
			return fmt.Errorf("%q is missing in %s:\n%s", missing, url, page)
		}
		return nil
	})
}

// eventually asks until there is no error, for at most two minutes.
func eventually(t *testing.T, ask func() error) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatal(err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// TestPagesOfAnAgent verifies that an agent, which makes its pages only when a client
// asks, has the same pages.
func TestPagesOfAnAgent(t *testing.T) {
	t.Parallel()
	waitForPage(t, serving(t, "--demo", "--scope=node", "--host.node=worker-1"), []string{`id="verdict"`, "inotify"})
}
