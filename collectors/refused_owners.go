package collectors

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/events"
)

// mostOwners bounds the owners that are told of by name, of all namespaces.
const mostOwners = 100

// deploymentKind is what events call a Deployment.
const deploymentKind = "Deployment"

// refusedOwner is one that was refused pods.
type refusedOwner struct {
	events.Refused
	// byCondition says that it is a Deployment, which its condition alone says it of: First
	// is then since when, and Last, Count and UID are not known.
	byCondition bool
}

// refusedOwners are those that events tell of, and the Deployments of whose ReplicaSets, or
// of which themselves, no event says why.
func refusedOwners(refused []events.Refused, deployments []*sources.RefusedDeployment) []refusedOwner {
	var owners []refusedOwner
	told := map[types.NamespacedName]bool{}
	for _, r := range refused {
		owners = append(owners, refusedOwner{Refused: r})
		if name, ok := deploymentOf(r); ok {
			told[types.NamespacedName{Namespace: r.Namespace, Name: name}] = true
		}
	}
	for _, d := range deployments {
		if d == nil || told[types.NamespacedName{Namespace: d.Namespace, Name: d.Name}] {
			continue
		}
		owners = append(owners, refusedOwner{byCondition: true, Refused: events.Refused{
			Namespace: d.Namespace, Kind: deploymentKind, Name: d.Name, Refusal: d.Refusal, First: d.Since, Last: d.Since,
		}})
	}
	return owners
}

// sinceOf is since when the condition of a Deployment says so, as a sample; 0 where it is not known.
func sinceOf(r refusedOwner) float64 {
	if r.First.IsZero() {
		return 0
	}
	return unix(r.First)
}

// deploymentOf is the name of the Deployment that an owner is, or most likely is of.
func deploymentOf(r events.Refused) (string, bool) {
	switch r.Kind {
	case deploymentKind:
		return r.Name, true
	case "ReplicaSet":
		if name, _, ok := sources.DeploymentOf(r.Name); ok {
			return name, true
		}
	}
	return "", false
}

// fairOwners are those that are told of, if there are too many: of each namespace those
// for which something was refused last.
func fairOwners(refused []refusedOwner) []refusedOwner {
	slices.SortFunc(refused, func(a, b refusedOwner) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Webhook, b.Webhook), cmp.Compare(a.Fault, b.Fault))
	})
	if len(refused) <= mostOwners {
		return refused
	}
	var namespaces []string
	wishes := map[string][]int{}
	for i, r := range refused {
		if wishes[r.Namespace] == nil {
			namespaces = append(namespaces, r.Namespace)
		}
		wishes[r.Namespace] = append(wishes[r.Namespace], i)
	}
	lists := make([][]int, 0, len(namespaces))
	for _, namespace := range namespaces {
		lists = append(lists, wishes[namespace])
	}
	chosen := fairly(lists, mostOwners)
	var told []refusedOwner
	for i, r := range refused {
		if chosen[i] {
			told = append(told, r)
		}
	}
	return told
}
