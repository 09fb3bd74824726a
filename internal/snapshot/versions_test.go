package snapshot_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// TestOldVersionsAreRead verifies that objects of old API versions count as those of the
// version that is asked for, and that a version which is not read is told.
func TestOldVersionsAreRead(t *testing.T) {
	t.Parallel()
	object := func(version, kind, namespace string) string {
		return fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"name":"kube-scheduler"%s}}`, version, kind, namespace)
	}
	const system = `,"namespace":"kube-system"`
	for name, c := range map[string]struct{ object, want, told string }{
		"Lease":                       {object("coordination.k8s.io/v1beta1", "Lease", system), "coordination.k8s.io/v1, Kind=Lease", ""},
		"Deployment of extensions":    {object("extensions/v1beta1", "Deployment", system), "apps/v1, Kind=Deployment", ""},
		"Deployment of apps, first":   {object("apps/v1beta1", "Deployment", system), "apps/v1, Kind=Deployment", ""},
		"Deployment of apps, second":  {object("apps/v1beta2", "Deployment", system), "apps/v1, Kind=Deployment", ""},
		"DaemonSet of extensions":     {object("extensions/v1beta1", "DaemonSet", system), "apps/v1, Kind=DaemonSet", ""},
		"DaemonSet of apps":           {object("apps/v1beta2", "DaemonSet", system), "apps/v1, Kind=DaemonSet", ""},
		"APIService":                  {object("apiregistration.k8s.io/v1beta1", "APIService", ""), "apiregistration.k8s.io/v1, Kind=APIService", ""},
		"Event":                       {object("events.k8s.io/v1beta1", "Event", system), "/v1, Kind=Event", ""},
		"autoscaler of another shape": {object("autoscaling/v2beta1", "HorizontalPodAutoscaler", system), "", "dump.json: holds objects of the kind HorizontalPodAutoscaler in version autoscaling/v2beta1"},
		"another one's kind":          {object("serving.knative.dev/v1", "Service", system), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := snapshot.Read(t.Context(), folder(t, map[string]string{"dump.json": c.object, "nodes.json": `{"apiVersion":"v1","kind":"NodeList","items":[]}`}))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			kinds, told := "", ""
			for _, obj := range s.Objects {
				kinds += obj.GetObjectKind().GroupVersionKind().String()
			}
			for _, file := range s.Unreadable {
				told += file.Err.Error()
			}
			if kinds != c.want || !strings.HasPrefix(told, c.told) || c.told == "" && told != "" {
				t.Errorf("objects %q, want %q; told %q, want %q", kinds, c.want, told, c.told)
			}
		})
	}
}
