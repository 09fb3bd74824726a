package fakecluster

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// livezChecks are the named checks of an API server of Kubernetes 1.37 in the
// order in which it lists them.
func livezChecks() []string {
	checks := []string{"ping", "log", "etcd"}
	for _, hook := range []string{
		"start-apiserver-admission-initializer", "generic-apiserver-start-informers",
		"priority-and-fairness-config-consumer", "priority-and-fairness-filter",
		"storage-object-count-tracker-hook", "start-apiextensions-informers",
		"start-apiextensions-controllers", "crd-informer-synced",
		"start-system-namespaces-controller", "start-cluster-authentication-info-controller",
		"start-kube-apiserver-identity-lease-controller",
		"start-kube-apiserver-identity-lease-garbage-collector", "storage-readiness",
		"start-legacy-token-tracking-controller", "peer-endpoint-reconciler-controller",
		"bootstrap-controller", "start-kubernetes-service-cidr-controller",
		"rbac/bootstrap-roles", "scheduling/bootstrap-system-priority-classes",
		"priority-and-fairness-config-producer", "aggregator-reload-proxy-client-cert",
		"start-kube-aggregator-informers", "apiservice-status-local-available-controller",
		"apiservice-status-remote-available-controller", "apiservice-registration-controller",
		"apiservice-discovery-controller", "kube-apiserver-autoregistration",
	} {
		checks = append(checks, "poststarthook/"+hook)
	}
	return append(checks, "autoregister-completion", "poststarthook/apiservice-openapi-controller",
		"poststarthook/apiservice-openapiv3-controller")
}

func readyzChecks() []string {
	checks := slices.Insert(livezChecks(), 3, "etcd-readiness", "informer-sync")
	return append(checks, "shutdown")
}

// serveHealth writes the body that API servers write: short when all is well
// unless asked to be verbose, and the list of checks otherwise.
func (s *apiServer) serveHealth(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	checks, failing := livezChecks(), s.FailingLivez
	if name == "readyz" {
		checks, failing = readyzChecks(), s.FailingReadyz
	}
	excluded := r.URL.Query()["exclude"]
	var body bytes.Buffer
	failed := false
	for _, check := range checks {
		switch {
		case slices.Contains(excluded, check):
			_, _ = fmt.Fprintf(&body, "[+]%s excluded: ok\n", check)
		case slices.Contains(failing, check):
			failed = true
			_, _ = fmt.Fprintf(&body, "[-]%s failed: reason withheld\n", check)
		default:
			_, _ = fmt.Fprintf(&body, "[+]%s ok\n", check)
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, verbose := r.URL.Query()["verbose"]
	switch {
	case failed:
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(&body, "%s check failed\n", name)
	case verbose:
		_, _ = fmt.Fprintf(&body, "%s check passed\n", name)
	default:
		body.Reset()
		body.WriteString("ok")
	}
	_, _ = w.Write(body.Bytes())
}
