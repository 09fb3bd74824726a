// Package chaos measures how long kubevitals can be made to tell what is not true
// any more: faults between it and a real API server, the cluster changed behind
// its back, and the truth read directly at every scrape.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/manifests"
)

// Options say what is tried and on what.
type Options struct {
	// LabBinary is the lab's own binary, Binary that of kubevitals.
	LabBinary, Binary string
	// Peer is the binary of kube-state-metrics, to be tried beside kubevitals; none if empty.
	Peer string
	// Manifests is the folder with those that kubevitals ships.
	Manifests string
	// Dir holds a folder per trial: log and timeline.
	Dir string
	// Duration is for how long each fault lasts, and Recovery for how long is waited
	// for all to be right again.
	Duration, Recovery time.Duration
	// Parallel is the number of trials at a time.
	Parallel int
	// Logf reports progress.
	Logf func(format string, args ...any)
}

// Campaign is a series of trials on one cluster.
type Campaign struct {
	options  Options
	programs []program // that under test first
	cluster  *cluster.Cluster
	shipped  []*unstructured.Unstructured
	kubelets chan *cluster.Kubelet // those that no trial has
}

// Run plays the trials and returns a result for each, in their order. Those of
// trials that could not be played bear the error.
func Run(ctx context.Context, o Options, trials []Trial) ([]Result, error) {
	c := &Campaign{options: o}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	if err := c.start(ctx, kubeletsFor(trials, o.Parallel)); err != nil {
		return nil, err
	}
	defer c.cluster.Stop()
	results := make([]Result, len(trials))
	next := make(chan int)
	var workers sync.WaitGroup
	for range max(1, o.Parallel) {
		workers.Go(func() {
			for i := range next {
				results[i] = c.play(ctx, trials[i])
				o.Logf("%s", results[i].Line())
			}
		})
	}
	for i := range trials {
		next <- i
	}
	close(next)
	workers.Wait()
	return results, ctx.Err()
}

// kubeletsFor is the number of kubelets that the trials want at a time.
func kubeletsFor(trials []Trial, parallel int) int {
	n := 0
	for _, t := range trials {
		if t.Kubelet {
			n++
		}
	}
	return min(n, max(1, parallel))
}

// start starts the cluster with what kubevitals ships.
func (c *Campaign) start(ctx context.Context, kubelets int) error {
	o := &c.options
	starting, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	var err error
	if c.shipped, err = manifests.Build(o.Manifests); err != nil {
		return err
	}
	if c.cluster, err = cluster.Start(starting, cluster.Options{Binary: o.LabBinary, Nodes: 1 + kubelets, Logf: o.Logf}); err != nil {
		return err
	}
	c.programs = []program{kubevitals{o.Binary, c.cluster.KubeletCAFile()}}
	if o.Peer != "" {
		c.programs = append(c.programs, kubeStateMetrics{o.Peer})
	}
	c.kubelets = make(chan *cluster.Kubelet, kubelets)
	for _, k := range c.cluster.Kubelets()[1:] {
		c.kubelets <- k
	}
	if err := c.prepare(starting); err != nil {
		c.cluster.Stop()
		return err
	}
	return nil
}

func (c *Campaign) prepare(ctx context.Context) error {
	if err := manifests.Apply(ctx, c.cluster.RESTConfig(), c.shipped...); err != nil {
		return err
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := c.cluster.Client().CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("namespace of the trials: %w", err)
	}
	return cluster.Eventually(ctx, time.Minute, func(ctx context.Context) error {
		_, err := c.cluster.Client().CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

// play sets a stage up, plays the trial and tears all down.
func (c *Campaign) play(ctx context.Context, t Trial) Result {
	s := &stage{campaign: c, trial: t}
	c.options.Logf("%s: begins", t.Name)
	err := s.setUp(ctx)
	var result Result
	if err == nil {
		result, err = s.run(ctx)
	}
	if err = errors.Join(err, s.tearDown(ctx)); err != nil {
		return Result{Fault: t.Name, What: t.What, Required: t.required(), Error: err.Error()}
	}
	return result
}
