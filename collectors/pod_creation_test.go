package collectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/refusal"
)

// never is of owners of which it is not known that a pod was created.
func never(types.UID) (time.Time, bool) { return time.Time{}, false }

func noDeployments() ([]*sources.RefusedDeployment, error) { return nil, nil }

func TestPodCreation(t *testing.T) {
	t.Parallel()
	first := time.Unix(1_800_000_000, 0)
	refused := func(kind, name string, r refusal.Refusal) events.Refused {
		return events.Refused{Namespace: "shop", Kind: kind, Name: name, Refusal: r, First: first, Last: first.Add(time.Minute), Count: 9}
	}
	since := first.Add(-time.Hour)
	deployments := []*sources.RefusedDeployment{
		nil, // one that is well
		{Namespace: "shop", Name: "cart", Refusal: refusal.Refusal{Cause: refusal.WebhookUnreachable, Webhook: "inject.example.com", Fault: refusal.NoAnswer}, Since: since},
		{Namespace: "shop", Name: "undated", Refusal: refusal.Refusal{Cause: refusal.LimitRange}},
		// Events of these are seen.
		{Namespace: "shop", Name: "web", Refusal: refusal.Refusal{Cause: refusal.WebhookUnreachable}, Since: since},
		{Namespace: "shop", Name: "own", Refusal: refusal.Refusal{Cause: refusal.Invalid}, Since: since},
		// Of this one they are not: its name begins as another's, or it is in another namespace.
		{Namespace: "shop", Name: "we", Refusal: refusal.Refusal{Cause: refusal.Quota}, Since: since},
		{Namespace: "elsewhere", Name: "web", Refusal: refusal.Refusal{Cause: refusal.Quota}, Since: since},
	}
	seen := func() ([]*sources.RefusedDeployment, error) { return deployments, nil }
	golden(t, podCreationName, podCreationCollector{created: never, deployments: seen, refused: func() ([]events.Refused, error) {
		return []events.Refused{
			refused("ReplicaSet", "web-1", refusal.Refusal{Cause: refusal.WebhookUnreachable, Webhook: "inject.example.com", Fault: refusal.NoEndpoints}),
			refused("Deployment", "own", refusal.Refusal{Cause: refusal.Invalid}),
			refused("Job", "report", refusal.Refusal{Cause: refusal.WebhookDenied, Webhook: "deny.example.com"}),
			refused("StatefulSet", "db", refusal.Refusal{Cause: refusal.Quota}),
			refused("DaemonSet", "agent", refusal.Refusal{Cause: refusal.PodSecurity}),
			refused("CronJob", "nightly", refusal.Refusal{Cause: refusal.Other}),
		}, nil
	}}, PodCreation().Metrics)
}

// TestPodCreationIsFair verifies that no namespace with many owners takes the place of
// others, and that those left out are told of.
func TestPodCreationIsFair(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	var refused []events.Refused
	for n := range 3 * mostOwners {
		refused = append(refused, events.Refused{Namespace: "noisy", Kind: "Job", Name: fmt.Sprint("j", n), Refusal: refusal.Refusal{Cause: refusal.Quota}, First: now, Last: now})
	}
	refused = append(refused, events.Refused{Namespace: "quiet", Kind: "ReplicaSet", Name: "web", Refusal: refusal.Refusal{Cause: refusal.Invalid}, First: now, Last: now.Add(-time.Hour)})
	c := podCreationCollector{created: never, deployments: noDeployments, refused: func() ([]events.Refused, error) { return refused, nil }}
	text := string(scrapeText(t, podCreationName, c, PodCreation().Metrics))
	if got := strings.Count(text, "\nkubevitals_pod_creation_last_refused_timestamp_seconds{"); got != mostOwners {
		t.Errorf("%d owners, want %d", got, mostOwners)
	}
	if !strings.Contains(text, `namespace="quiet"`) || !strings.Contains(text, fmt.Sprintf(`refused_owners{cause="quota"} %d`, 3*mostOwners)) {
		t.Errorf("leaves out a quiet namespace, or does not count all:\n%s", text)
	}
}

// TestPodCreationIsOver verifies that who got a pod since is not told of, and who got one at
// the attempt at which others were refused is.
func TestPodCreationIsOver(t *testing.T) {
	t.Parallel()
	last := time.Unix(1_800_000_000, 0)
	created := map[types.UID]time.Time{"before": last.Add(-time.Minute), "same": last.Add(sameAttempt), "since": last.Add(sameAttempt + time.Second)}
	c := podCreationCollector{
		deployments: noDeployments,
		created:     func(owner types.UID) (time.Time, bool) { at, ok := created[owner]; return at, ok },
		refused: func() (all []events.Refused, _ error) {
			for _, uid := range []types.UID{"before", "same", "since", "unknown"} {
				all = append(all, events.Refused{Namespace: "shop", Kind: "ReplicaSet", Name: string(uid), UID: uid, Refusal: refusal.Refusal{Cause: refusal.Quota}, First: last, Last: last})
			}
			return all, nil
		},
	}
	text := string(scrapeText(t, podCreationName, c, PodCreation().Metrics))
	for _, name := range []string{"before", "same", "unknown"} {
		if !strings.Contains(text, `owner="`+name+`"`) {
			t.Errorf("%s is not told of:\n%s", name, text)
		}
	}
	if strings.Contains(text, `owner="since"`) || !strings.Contains(text, `refused_owners{cause="quota"} 3`) {
		t.Errorf("who got a pod since is told of:\n%s", text)
	}
}

// TestPodCreationHalfBlind verifies that one source is told of without the other, but not
// how many there are, and that nothing is told without both.
func TestPodCreationHalfBlind(t *testing.T) {
	t.Parallel()
	blind, now := errors.New("forbidden"), time.Unix(1_800_000_000, 0)
	noEvents := func() ([]events.Refused, error) { return nil, blind }
	noConditions := func() ([]*sources.RefusedDeployment, error) { return nil, blind }
	events := func() ([]events.Refused, error) {
		return []events.Refused{{Namespace: "shop", Kind: "Job", Name: "report", Refusal: refusal.Refusal{Cause: refusal.Quota}, First: now, Last: now}}, nil
	}
	conditions := func() ([]*sources.RefusedDeployment, error) {
		return []*sources.RefusedDeployment{{Namespace: "shop", Name: "web", Refusal: refusal.Refusal{Cause: refusal.Quota}}}, nil
	}
	for _, tt := range []struct {
		c    podCreationCollector
		want string
	}{
		{podCreationCollector{refused: events, deployments: noConditions, created: never}, `owner="report"`},
		{podCreationCollector{refused: noEvents, deployments: conditions, created: never}, `owner="web"`},
	} {
		text := string(scrapeText(t, podCreationName, tt.c, PodCreation().Metrics))
		if !strings.Contains(text, tt.want) || strings.Contains(text, "refused_owners{") {
			t.Errorf("not %s, or a number that is not known:\n%s", tt.want, text)
		}
		if err := collectError(t, tt.c); !exporter.IsIncomplete(err) || !errors.Is(err, blind) {
			t.Errorf("%v, want that a part is missing", err)
		}
	}
	if err := collectError(t, podCreationCollector{refused: noEvents, deployments: noConditions}); !errors.Is(err, blind) || exporter.IsIncomplete(err) {
		t.Errorf("%v, want the source's error", err)
	}
}
