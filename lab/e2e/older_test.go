package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// minor is the second number of the control plane's version.
func (l *lab) minor(t *testing.T) int {
	t.Helper()
	version, err := l.Client().Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	minor, err := strconv.Atoi(version.Minor)
	if err != nil {
		t.Fatalf("version %s: %v", version, err)
	}
	return minor
}

// TestKubeletsWithoutTheirOwnRights looks at a kubelet as all were before 1.33: it knows no
// right to its configuration alone. kubevitals says so, and tells the rest.
func TestKubeletsWithoutTheirOwnRights(t *testing.T) {
	const locked = 36
	if minor := shared.minor(t); minor >= locked {
		t.Skipf("since 1.%d all kubelets have the rights to parts of them", locked)
	}
	l := ownLabOf(t, cluster.Options{Nodes: 1, KubeletFeatureGates: "KubeletFineGrainedAuthz=false"})
	node := l.Kubelets()[0].Name
	l.vitals.eventually(t, time.Minute, func(s samples) error {
		return errors.Join(
			s.want(0, "kubelet_available", "node", node, "endpoint", "configz", "reason", "forbidden"),
			s.want(1, "kubelet_available", "node", node, "endpoint", "stats_summary"),
			s.want(1, "kubelet_available", "node", node, "endpoint", "metrics"),
			nodeIsReady(s, node),
			someOf(s, "node_disk_available_bytes", "node", node),
			someOf(s, "watch_streams_objects", "node", node),
		)
	})
	const alert, reason = "KubeVitalsKubeletsUnreadable", "forbidden"
	err := cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		looked, err := check(ctx, nil, l.vitals.sameFlags(t)...)
		if err == nil && !slices.Contains(looked.reasons(alert), reason) {
			err = fmt.Errorf("check does not say %s for being %s, but finds %v, and %s for %q", alert, reason, looked.found(), alert, looked.reasons(alert))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	t.Attr("unseen", "where kubelets run with `KubeletFineGrainedAuthz=false`: their `configz`, reason `forbidden`")
}

// reasons are those of the findings of an alert.
func (r result) reasons(alert string) []string {
	var all []string
	for _, a := range r.Alerts {
		for _, f := range a.Findings {
			if f.Alert == alert {
				all = append(all, f.Reasons...)
			}
		}
	}
	return all
}

// someOf fails unless there is a series that bears the labels.
func someOf(s samples, name string, labels ...string) error {
	if len(s.all(name, labels...)) == 0 {
		return fmt.Errorf("kubevitals_%s %v: %w", name, labels, errAbsent)
	}
	return nil
}
