package matrix

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// works are spread over the time that there is.
func (c *churn) works(lasts time.Duration) []work {
	var kubelets, planes, drains []turn
	for _, k := range c.lab.Kubelets() {
		kubelets = append(kubelets, turn{"restart of a kubelet", restart(k.Process)})
		drains = append(drains, turn{"drain of a node", func(ctx context.Context) error { return c.drain(ctx, k.Name) }})
	}
	for _, name := range []string{cluster.APIServer, cluster.ControllerManager, cluster.Scheduler} {
		planes = append(planes, turn{"restart of " + name, restart(c.lab.Process(name))})
	}
	spread := func(turns []turn) work { return work{lasts / time.Duration(rounds*len(turns)), turns} }
	scale := work{2 * time.Minute, []turn{
		{"500 pods made", func(ctx context.Context) error { return c.scale(ctx, manyPods) }},
		{"500 pods deleted", func(ctx context.Context) error { return c.scale(ctx, 0) }},
	}}
	return []work{spread(kubelets), spread(planes), spread(drains), scale}
}

// repeat does turn after turn until the time is over. One that fails, as what asks the API
// server does while that is restarted, is told of, and is no alert.
func (c *churn) repeat(ctx context.Context, w work) {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		t := w.turns[i%len(w.turns)]
		// What has begun is brought to its end: a node is not left cordoned.
		step, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTime)
		err := t.do(step)
		cancel()
		if err != nil {
			c.logf("%s: %v", t.name, err)
			c.count(t.name + ", not to its end")
			continue
		}
		c.count(t.name)
	}
}

func (c *churn) count(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[name]++
}

func restart(p *cluster.Process) func(context.Context) error {
	return func(ctx context.Context) error {
		p.Kill()
		return p.Start(ctx)
	}
}

// make makes the Deployment without pods.
func (c *churn) make(ctx context.Context) error {
	space := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: churned}}
	if _, err := c.lab.Client().CoreV1().Namespaces().Create(ctx, space, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	return faults.MakeDeployment(ctx, c.lab.Client(), churned, churned, 0)
}

func (c *churn) scale(ctx context.Context, pods int32) error {
	deployments := c.lab.Client().AppsV1().Deployments(churned)
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, pods)
	err := cluster.Eventually(ctx, stepTime, func(ctx context.Context) error {
		_, err := deployments.Patch(ctx, churned, types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	})
	if err != nil {
		return err
	}
	return cluster.Eventually(ctx, stepTime, func(ctx context.Context) error {
		d, err := deployments.Get(ctx, churned, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if d.Status.Replicas != pods || d.Status.ReadyReplicas != pods {
			return fmt.Errorf("%d pods are ready of %d", d.Status.ReadyReplicas, pods)
		}
		return nil
	})
}

// drain evicts all pods of a node, and lets others come when it is empty.
func (c *churn) drain(ctx context.Context, node string) error {
	cordon := func(yes bool) error {
		patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, yes)
		return cluster.Eventually(ctx, stepTime, func(ctx context.Context) error {
			_, err := c.lab.Client().CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{})
			return err
		})
	}
	if err := cordon(true); err != nil {
		return err
	}
	evicted := cluster.Eventually(ctx, stepTime/2, func(ctx context.Context) error { return c.evict(ctx, node) })
	return errors.Join(evicted, cordon(false))
}

func (c *churn) evict(ctx context.Context, node string) error {
	pods, err := c.lab.Client().CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	if err != nil {
		return err
	}
	for _, p := range pods.Items {
		if p.DeletionTimestamp != nil {
			continue
		}
		eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name}}
		if err := c.lab.Client().CoreV1().Pods(p.Namespace).EvictV1(ctx, eviction); err != nil {
			return err
		}
	}
	if n := len(pods.Items); n > 0 {
		return fmt.Errorf("%d pods are left on %s", n, node)
	}
	return nil
}
