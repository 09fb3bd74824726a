package main

import (
	"fmt"
	"slices"
	"testing"
)

// TestWhatADumpCannotTell verifies that an alert does not count as evaluated where the
// dump holds nothing by which it could fire: Leases of no leader, and addons that are
// elsewhere than in kube-system, as those of OpenShift are.
func TestWhatADumpCannotTell(t *testing.T) {
	t.Parallel()
	const (
		lease = `{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":%q,"namespace":%q},"spec":{"holderIdentity":"it","leaseDurationSeconds":15,"renewTime":"2026-01-02T11:59:59.000000Z"}}`
		dns   = `{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"dns-default","namespace":"openshift-dns"},"status":{"desiredNumberScheduled":3,"numberReady":0}}`
		web   = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":1},"status":{}}`
		log   = `{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"log","namespace":"shop"},"status":{}}`
		api   = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"api","namespace":"bank"},"spec":{"replicas":1},"status":{}}`
	)
	leaders := []string{"KubeVitalsSchedulerDown", "KubeVitalsControllerManagerDown"}
	for name, c := range map[string]struct {
		lists []string
		not   []string
	}{
		"no Leases":               {[]string{ofKind("", ready("a"))}, leaders},
		"an empty list of Leases": {[]string{ofKind("", ready("a")), `{"apiVersion":"coordination.k8s.io/v1","kind":"LeaseList","items":[]}`}, leaders},
		"the Lease of one leader": {[]string{ofKind("", ready("a")), ofKind("", fmt.Sprintf(lease, "kube-scheduler", "kube-system"), fmt.Sprintf(lease, "a", "kube-node-lease"))}, leaders[1:]},
		"workloads of OpenShift":  {[]string{ofKind("", ready("a")), ofKind("", dns, web, log, api)}, []string{"KubeVitalsAddonDown"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, r := diagnose(t, c.lists...)
			for _, alert := range c.not {
				if slices.Contains(r.Coverage.Evaluated, alert) || !slices.Contains(r.Coverage.Unavailable, alert) {
					t.Errorf("%s counts as evaluated: %+v", alert, r.Coverage)
				}
			}
		})
	}
	_, r := diagnose(t, ofKind("", ready("a")), ofKind("", fmt.Sprintf(lease, "kube-scheduler", "kube-system"), fmt.Sprintf(lease, "kube-controller-manager", "kube-system"), fmt.Sprintf(lease, "a", "kube-node-lease")))
	for _, alert := range leaders {
		if !slices.Contains(r.Coverage.Evaluated, alert) {
			t.Errorf("%s is not evaluated though there are Leases", alert)
		}
	}
}
