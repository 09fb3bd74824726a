package sources_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/test/objects"
)

// TestPodsOfAnOlderAPIServer verifies that all three lists of pods are read from an API
// server whose watches cannot begin with a list, as by default before Kubernetes 1.34: lists are
// paged then, and only the index of all pods packs the pages.
func TestPodsOfAnOlderAPIServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch query := r.URL.Query(); {
		case query.Get("sendInitialEvents") != "":
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(metav1.Status{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure,
				Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid,
			})
		case query.Get("watch") != "":
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		default:
			pod := objects.AddonPod("k8s-app", "kube-dns", "node-1", true, nil)
			pod.Name = "coredns-1"
			_ = json.NewEncoder(w).Encode(corev1.PodList{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, ListMeta: metav1.ListMeta{ResourceVersion: "7"},
				Items: []corev1.Pod{*pod},
			})
		}
	}))
	t.Cleanup(server.CloseClientConnections)
	s := sourcesOf(t, server)
	all, system := s.Pods(), s.SystemPods()
	dashboard := s.AddonPods()[slices.Index(sources.AddonPodLists(), sources.DashboardPods)]
	start(t, s)
	until(t, "one pod in each list", func() bool {
		ofSystem, _ := system.List() // none while it fails
		ofDashboard, _ := dashboard.List()
		return len(ofSystem) == 1 && len(ofDashboard) == 1 && all.Err() == nil && all.Len() == 1
	})
}
