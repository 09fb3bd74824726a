package collectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources"
)

func TestTerminatingNamespaces(t *testing.T) {
	t.Parallel()
	deleted := time.Unix(1_800_000_000, 0)
	list := []sources.Namespace{{Name: "default"}, {Name: "kube-system"}}
	for i, hold := range sources.Holds() {
		list = append(list, sources.Namespace{Name: "held-by-" + string(hold), Deletion: deleted.Add(time.Duration(i) * time.Second), Hold: hold})
	}
	golden(t, terminatingNamespacesName, terminatingNamespacesCollector{
		namespaces: func() ([]sources.Namespace, error) { return list, nil },
	}, TerminatingNamespaces().Metrics)
}

// TestTerminatingNamespacesAreBounded verifies that of too many those are told of that
// have waited for longest.
func TestTerminatingNamespacesAreBounded(t *testing.T) {
	t.Parallel()
	var list []sources.Namespace
	for n := range mostNamespaces + 5 {
		list = append(list, sources.Namespace{Name: fmt.Sprintf("ns-%03d", n), Deletion: time.Unix(int64(1_800_000_000-n), 0), Hold: sources.HeldByContent})
	}
	c := terminatingNamespacesCollector{namespaces: func() ([]sources.Namespace, error) { return list, nil }}
	text := string(scrapeText(t, terminatingNamespacesName, c, TerminatingNamespaces().Metrics))
	if got := strings.Count(text, `hold="content"`); got != mostNamespaces {
		t.Errorf("%d series, want %d", got, mostNamespaces)
	}
	if !strings.Contains(text, `"ns-104"`) || strings.Contains(text, `"ns-000"`) || !strings.Contains(text, `{phase="terminating"} 105`) {
		t.Errorf("does not tell of the oldest:\n%s", text)
	}
}

func TestTerminatingNamespacesIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	c := terminatingNamespacesCollector{namespaces: func() ([]sources.Namespace, error) { return nil, blind }}
	if err := collectError(t, c); !errors.Is(err, blind) {
		t.Errorf("%v, want the source's error", err)
	}
}
