package collectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/refusal"
)

// never is of owners of which it is not known that a pod was created.
func never(types.UID) (time.Time, bool) { return time.Time{}, false }

func TestPodCreation(t *testing.T) {
	t.Parallel()
	first := time.Unix(1_800_000_000, 0)
	refused := func(kind, name string, r refusal.Refusal) events.Refused {
		return events.Refused{Namespace: "shop", Kind: kind, Name: name, Refusal: r, First: first, Last: first.Add(time.Minute), Count: 9}
	}
	golden(t, podCreationName, podCreationCollector{created: never, refused: func() ([]events.Refused, error) {
		return []events.Refused{
			refused("ReplicaSet", "web-1", refusal.Refusal{Cause: refusal.WebhookUnreachable, Webhook: "inject.example.com", Fault: refusal.NoEndpoints}),
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
	c := podCreationCollector{created: never, refused: func() ([]events.Refused, error) { return refused, nil }}
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
		created: func(owner types.UID) (time.Time, bool) { at, ok := created[owner]; return at, ok },
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

func TestPodCreationIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	c := podCreationCollector{refused: func() ([]events.Refused, error) { return nil, blind }}
	if err := collectError(t, c); !errors.Is(err, blind) {
		t.Errorf("%v, want the source's error", err)
	}
}
