package sources

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Backends tells of each Service that has EndpointSlices whether any of its endpoints is
// ready.
type Backends map[types.NamespacedName]bool

const (
	// mostBackends bounds the names of Services that one request asks for; names are of 63
	// bytes at most, and API servers take requests of some thousands.
	mostBackends = 50
	// startingPoll is how often it is looked whether the webhooks are known at last.
	startingPoll = 50 * time.Millisecond
)

// Webhooks are the configurations of validating and of mutating admission webhooks.
func (s *Sources) Webhooks() (validating, mutating *health.View[[]Webhook]) {
	return viewOf(s, ValidatingWebhooks, webhooksOf), viewOf(s, MutatingWebhooks, webhooksOf)
}

// WebhookBackends are the Services behind the admission webhooks. They are asked for by
// name, again and again: a watch would follow all endpoints of the cluster.
func (s *Sources) WebhookBackends() *rounds.Poll[Backends] {
	if poll, ok := s.stores[WebhookEndpoints].(*rounds.Poll[Backends]); ok {
		return poll
	}
	validating, mutating := s.Webhooks()
	read := func(ctx context.Context) (Backends, error) {
		names, err := backendNames(ctx, validating, mutating)
		if err != nil {
			return nil, err
		}
		return s.readBackends(ctx, names)
	}
	poll := rounds.NewPoll(s.newHealth(string(WebhookEndpoints)), s.config.WebhooksInterval, read)
	s.stores[WebhookEndpoints] = poll
	s.runs = append(s.runs, poll.Run)
	return poll
}

// backendNames are the names of the Services, in order. It waits for configurations that
// are read for the first time, and fails if none of the kinds can be read.
func backendNames(ctx context.Context, views ...*health.View[[]Webhook]) ([]string, error) {
	var names []string
	var failed []error
	for _, view := range views {
		configurations, err := view.List()
		for health.Classify(err) == health.Starting {
			select {
			case <-ctx.Done():
				return nil, err
			case <-time.After(startingPoll):
			}
			configurations, err = view.List()
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		for _, w := range slices.Concat(configurations...) {
			if w.Service != "" {
				names = append(names, w.Service)
			}
		}
	}
	if len(failed) == len(views) {
		return nil, fmt.Errorf("webhook configurations: %w", errors.Join(failed...))
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (s *Sources) readBackends(ctx context.Context, names []string) (Backends, error) {
	found := Backends{}
	row, list, _ := s.config.Resources.Find(WebhookEndpoints)
	for some := range slices.Chunk(names, mostBackends) {
		list.Labels = discoveryv1.LabelServiceName + " in (" + strings.Join(some, ",") + ")"
		// Version 0 lets the API server answer from its cache.
		obj, err := s.lister.ListWatch(row, row.Versions[0], list).ListWithContext(ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			return nil, fmt.Errorf("read the endpoints of webhooks: %w", err)
		}
		err = meta.EachListItem(obj, func(item runtime.Object) error {
			slice, ok := item.(*discoveryv1.EndpointSlice)
			if !ok {
				return fmt.Errorf("unexpected type %T", item)
			}
			service := types.NamespacedName{Namespace: strings.Clone(slice.Namespace), Name: strings.Clone(slice.Labels[discoveryv1.LabelServiceName])}
			found[service] = found[service] || anyReady(slice)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the endpoints of webhooks: %w", err)
		}
	}
	return found, nil
}

// anyReady tells whether requests may be sent to one of the endpoints.
func anyReady(slice *discoveryv1.EndpointSlice) bool {
	return slices.ContainsFunc(slice.Endpoints, func(e discoveryv1.Endpoint) bool { return e.Conditions.Ready == nil || *e.Conditions.Ready })
}
