package main

import (
	"context"
	"errors"
	"time"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// churn changes pods, in the proportion of a cluster that runs jobs: most
// changes are of a status, some pods end and others come. The function that it
// returns waits until it has stopped, which it does when ctx ends.
func churn(ctx context.Context, cluster *fakecluster.Cluster, s settings) func() (int, error) {
	if s.churn <= 0 || s.fleet.pods == 0 {
		return func() (int, error) { return 0, nil }
	}
	type result struct {
		made int
		err  error
	}
	done := make(chan result, 1)
	go func() {
		made, err := change(ctx, cluster, s)
		done <- result{made, err}
	}()
	return func() (int, error) {
		r := <-done
		return r.made, r.err
	}
}

func change(ctx context.Context, cluster *fakecluster.Cluster, s settings) (int, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	begun, made := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return made, nil
		case <-tick.C:
		}
		// As many as are due, so that a late tick loses none.
		for due := int(time.Since(begun).Seconds() * s.churn); made < due; made++ {
			if err := changeOne(ctx, cluster, s.fleet, made); err != nil {
				if ctx.Err() != nil || errors.Is(err, context.Canceled) {
					return made, nil
				}
				return made, err
			}
		}
	}
}

// changeOne makes the nth change. Pods take turns: each starts its containers
// again a few times, is deleted and comes back.
func changeOne(ctx context.Context, cluster *fakecluster.Cluster, f fleet, n int) error {
	const life, stride = 8, 7919 // a prime visits all pods, and neighbours far apart
	pod := f.pod(n/life*stride%f.pods, time.Now())
	if n%life == life-2 {
		return cluster.Delete(pod)
	}
	pod.Status.ContainerStatuses[0].RestartCount = int32(n % life)
	return cluster.Upsert(ctx, pod)
}
