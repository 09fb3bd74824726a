package main

import (
	"context"
	"errors"
	"time"

	"github.com/kubevitals/kubevitals/internal/playback"
)

// churn changes pods, in the proportion of a cluster that runs jobs: most
// changes are of a status, some pods end and others come. The function that it
// returns waits until it has stopped, which it does when ctx ends.
func churn(ctx context.Context, cluster *playback.Cluster, s settings) func() (int, error) {
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

func change(ctx context.Context, cluster *playback.Cluster, s settings) (int, error) {
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

// changeOne makes the nth change. Pods take turns, eight changes to a life.
func changeOne(ctx context.Context, cluster *playback.Cluster, f fleet, n int) error {
	// A step that has no divisor in common with most numbers visits all pods.
	pod := f.pod(n/8*7919%f.pods, time.Now())
	switch n % 8 {
	case 6:
		return cluster.Delete(pod)
	case 7:
		pod.Name += "-again"
		if n/8%2 == 0 {
			return cluster.Upsert(ctx, pod)
		}
		// And half of the time the same pod returns.
		pod.Name = pod.Name[:len(pod.Name)-len("-again")]
		return cluster.Upsert(ctx, pod)
	}
	pod.Status.ContainerStatuses[0].RestartCount = int32(n % 8)
	return cluster.Upsert(ctx, pod)
}
