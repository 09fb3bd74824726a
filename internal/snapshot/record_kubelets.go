package snapshot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// eachNode calls f for every node, one after the other.
func (r *recorder) eachNode(ctx context.Context, f func(*corev1.Node) error) error {
	q, err := r.query(sources.Nodes)
	if err != nil {
		return err
	}
	err = r.pages(ctx, q, func(raw json.RawMessage) error {
		var node corev1.Node
		if err := json.Unmarshal(raw, &node); err != nil {
			return err
		}
		return f(&node)
	})
	if err != nil && ctx.Err() == nil {
		r.Logger.Warn("kubelets are not read: nodes cannot be listed", "err", err)
		return nil // the list itself is noted later
	}
	return err
}

// recordKubelets reads the bodies of all kubelets, some at a time.
func (r *recorder) recordKubelets(ctx context.Context) error {
	fetcher, err := kubelet.NewFetcher(r.Kubelets, r.REST)
	if err != nil {
		return fmt.Errorf("client for the kubelets: %w", err)
	}
	var (
		mu     sync.Mutex
		errs   []error
		wait   sync.WaitGroup
		tokens = make(chan struct{}, r.Kubelets.Concurrency)
	)
	err = r.eachNode(ctx, func(node *corev1.Node) error {
		select {
		case tokens <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		wait.Go(func() {
			defer func() { <-tokens }()
			state, serving, err := r.recordKubelet(ctx, fetcher, node)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
			}
			if !serving.IsZero() {
				r.manifest.KubeletCertificates[r.names.Node(node.Name)] = metav1.NewTime(serving)
			}
			if len(state.Reasons) > 0 {
				r.manifest.Kubelets[r.names.Node(node.Name)] = state
			}
		})
		return nil
	})
	wait.Wait()
	return errors.Join(append(errs, err)...)
}

// recordKubelet reads the bodies of one kubelet, and when its serving certificate ends. It
// fails only where a file cannot be written.
func (r *recorder) recordKubelet(ctx context.Context, fetcher *kubelet.Fetcher, node *corev1.Node) (state KubeletState, serving time.Time, err error) {
	state = KubeletState{Reasons: map[string]health.Reason{}}
	folder := filepath.Join(r.dir, "nodes", r.names.Node(node.Name))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return state, serving, fmt.Errorf("make a folder: %w", err)
	}
	for file, path := range kubeletFiles() {
		name := filepath.Join(folder, file+".gz")
		var disk error
		reach, reason, shown := fetcher.Fetch(ctx, node, path, func(body io.Reader) error {
			var bad error
			disk = writeZipped(name, func(w io.Writer) error {
				if path == "/metrics" {
					bad = r.names.body(metered(body), w)
				} else {
					bad = kubelet.Reduce(path, body, w)
				}
				return nil
			})
			return bad
		})
		if disk != nil {
			return state, serving, fmt.Errorf("write what a kubelet answers: %w", disk)
		}
		if !shown.IsZero() {
			serving = shown
		}
		if state.Reach == "" || reach == kubelet.Answers {
			state.Reach = reach
		}
		if reason == health.Available {
			continue
		}
		state.Reasons[path] = reason
		if err := os.RemoveAll(name); err != nil {
			return state, serving, fmt.Errorf("remove half an answer: %w", err)
		}
	}
	return state, serving, nil
}

func metered(r io.Reader) io.Reader {
	l := standardLimits()
	return &meter{r: r, reader: &reader{limits: l}, limit: l.body}
}

// recordSamples writes the samples of the collectors whose facts are of their
// moment, if both times they told the whole truth.
func (r *recorder) recordSamples(first, second []*dto.MetricFamily) error {
	folder := filepath.Join(r.dir, "samples")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	good, still := succeeded(first), succeeded(second)
	for _, d := range r.Definitions {
		if !d.Replay || !good[d.Name] || !still[d.Name] {
			continue
		}
		for n, families := range [][]*dto.MetricFamily{first, second} {
			var text bytes.Buffer
			for _, f := range families {
				if !slices.ContainsFunc(d.Metrics, func(m *exporter.Desc) bool { return m.Name == f.GetName() }) {
					continue
				}
				if _, err := expfmt.MetricFamilyToText(&text, r.names.family(f)); err != nil {
					return fmt.Errorf("samples of %s: %w", d.Name, err)
				}
			}
			name := filepath.Join(folder, fmt.Sprintf("%s.%d.prom", d.Name, n+1))
			if err := os.WriteFile(name, text.Bytes(), 0o600); err != nil {
				return fmt.Errorf("write samples: %w", err)
			}
		}
		r.manifest.Collectors = append(r.manifest.Collectors, d.Name)
	}
	return nil
}

// succeeded are the collectors that told the whole truth.
func succeeded(families []*dto.MetricFamily) map[string]bool {
	good := map[string]bool{}
	for _, f := range families {
		if f.GetName() != exporter.Namespace+"_scrape_collector_success" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetGauge().GetValue() == 1 && len(m.GetLabel()) == 1 {
				good[m.GetLabel()[0].GetValue()] = true
			}
		}
	}
	return good
}
