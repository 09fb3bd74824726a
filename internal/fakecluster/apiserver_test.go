package fakecluster_test

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	s := spec()
	s.APIServers[0].FailingReadyz = []string{"etcd-readiness"}
	s.APIServers[0].Metrics = fakecluster.Bytes([]byte("up 1\n"))
	c := serve(t, s, fakecluster.Options{})
	client := httpClient(t, c.RESTConfig())
	cases := []struct {
		path     string
		status   int
		contains []string
	}{
		{"/livez", 200, []string{"ok"}},
		{"/livez?verbose", 200, []string{"[+]ping ok\n", "[+]poststarthook/rbac/bootstrap-roles ok\n", "livez check passed\n"}},
		{"/readyz", 500, []string{"[+]etcd ok\n[-]etcd-readiness failed: reason withheld\n", "readyz check failed\n"}},
		{"/readyz?exclude=etcd-readiness&verbose", 200, []string{"[+]etcd-readiness excluded: ok\n", "readyz check passed\n"}},
		{"/metrics", 200, []string{"up 1\n"}},
		{"/version", 200, []string{`"gitVersion":"v1.37.2"`}},
		{"/apis/apps/v1/statefulsets", 404, []string{`"kind":"Status"`, `"reason":"NotFound"`}},
	}
	for _, tc := range cases {
		status, body := get(t, client, c.RESTConfig().Host+tc.path)
		if status != tc.status {
			t.Errorf("%s: status %d, want %d", tc.path, status, tc.status)
		}
		for _, want := range tc.contains {
			if !strings.Contains(body, want) {
				t.Errorf("%s: %q lacks %q", tc.path, body, want)
			}
		}
	}
	config := c.RESTConfig()
	config.BearerToken = ""
	status, body := get(t, httpClient(t, config), config.Host+"/livez")
	var answer metav1.Status
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusUnauthorized || answer.Reason != metav1.StatusReasonUnauthorized {
		t.Errorf("without a token: %d %s", status, body)
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	s := spec()
	s.APIServers = append(s.APIServers,
		fakecluster.APIServer{Name: "cp-2", CertificateExpiresIn: 31 * time.Hour},
		fakecluster.APIServer{Name: "cp-3", CertificateExpiresIn: -time.Hour})
	began := time.Now()
	c := serve(t, s, fakecluster.Options{})
	for name, life := range map[string]time.Duration{"cp-1": 365 * 24 * time.Hour, "cp-2": 31 * time.Hour, "cp-3": -time.Hour} {
		conn, err := tls.Dial("tcp", c.APIServerAddress(name), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		until := conn.ConnectionState().PeerCertificates[0].NotAfter
		_ = conn.Close()
		if off := until.Sub(began.Add(life)); off < -time.Minute || off > time.Minute {
			t.Errorf("%s: certificate until %s", name, until)
		}
	}
}

// TestAddressesStayOnLoopback verifies that nothing of the original cluster's
// addresses is left to call on.
func TestAddressesStayOnLoopback(t *testing.T) {
	t.Parallel()
	identity := func(name, host, address string) *coordinationv1.Lease {
		return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "kube-system",
			Labels:      map[string]string{"apiserver.kubernetes.io/identity": "kube-apiserver", corev1.LabelHostname: host},
			Annotations: map[string]string{"kubernetes.io/peer-advertise-address": address},
		}}
	}
	remote := node("one")
	remote.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeExternalIP, Address: "203.0.113.7"}, {Type: corev1.NodeInternalIP, Address: "10.0.0.7"}}
	s := spec(remote, identity("apiserver-a", "cp-1", "10.0.0.1:6443"), identity("apiserver-b", "cp-2", "10.0.0.2:6443"), identity("apiserver-c", "unknown", "10.0.0.3:6443"),
		&discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "kubernetes", Labels: map[string]string{discoveryv1.LabelServiceName: "kubernetes"}},
			Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}}},
		})
	s.APIServers = append(s.APIServers, fakecluster.APIServer{Name: "cp-2", Fault: fakecluster.Dead})
	c := serve(t, s, fakecluster.Options{})
	client := typed(t, c, protobufType)
	leases, err := client.CoordinationV1().Leases("kube-system").List(t.Context(), metav1.ListOptions{LabelSelector: "apiserver.kubernetes.io/identity"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{c.APIServerAddress("cp-1"), c.APIServerAddress("cp-2"), ""} {
		if got := leases.Items[i].Annotations["kubernetes.io/peer-advertise-address"]; got != want {
			t.Errorf("%s: address %q, want %q", leases.Items[i].Name, got, want)
		}
	}
	slices, err := client.DiscoveryV1().EndpointSlices("default").List(t.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=kubernetes"})
	if err != nil {
		t.Fatal(err)
	}
	if len(slices.Items) != 1 || slices.Items[0].Endpoints[0].Addresses[0] != fakecluster.Loopback ||
		!strings.HasSuffix(c.APIServerAddress("cp-1"), itoa(*slices.Items[0].Ports[0].Port)) {
		t.Errorf("EndpointSlices: %+v", slices.Items)
	}
	one, err := client.CoreV1().Nodes().Get(t.Context(), "one", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range one.Status.Addresses {
		if a.Type != corev1.NodeHostName && a.Address != fakecluster.Loopback {
			t.Errorf("address %+v", a)
		}
	}
}

func TestLeaseWrites(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "kubevitals", Name: "probe"}}), fakecluster.Options{})
	moment := metav1.NewMicroTime(time.Date(2026, 9, 1, 8, 0, 0, 5000, time.UTC))
	for _, mediaType := range []string{jsonType, protobufType} {
		leases := typed(t, c, mediaType).CoordinationV1().Leases("kubevitals")
		before, err := leases.Get(t.Context(), "probe", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		changed := before.DeepCopy()
		changed.Spec.RenewTime = &moment
		dry, err := leases.Update(t.Context(), changed, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil || !dry.Spec.RenewTime.Equal(&moment) {
			t.Fatalf("dry run: %+v, %v", dry, err)
		}
		after, err := leases.Update(t.Context(), changed, metav1.UpdateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if after.ResourceVersion == before.ResourceVersion || after.UID != before.UID || !after.Spec.RenewTime.Equal(&moment) {
			t.Errorf("before %+v, after %+v", before, after)
		}
		if _, err := leases.Update(t.Context(), changed, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
			t.Errorf("update of an old version: %v", err)
		}
		for _, patch := range []types.PatchType{types.MergePatchType, types.StrategicMergePatchType} {
			patched, err := leases.Patch(t.Context(), "probe", patch, []byte(`{"spec":{"renewTime":"2026-09-01T09:00:00.000000Z","holderIdentity":"me"}}`), metav1.PatchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if *patched.Spec.HolderIdentity != "me" || patched.Spec.RenewTime.UTC().Hour() != 9 {
				t.Errorf("%s: %+v", patch, patched.Spec)
			}
		}
		if _, err := leases.Patch(t.Context(), "probe", types.ApplyPatchType, []byte(`{}`), metav1.PatchOptions{FieldManager: "me"}); !apierrors.IsUnsupportedMediaType(err) {
			t.Errorf("apply: %v", err)
		}
		if _, err := leases.Patch(t.Context(), "none", types.MergePatchType, []byte(`{}`), metav1.PatchOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("patch of a lease that does not exist: %v", err)
		}
		if err := leases.Delete(t.Context(), "probe", metav1.DeleteOptions{}); !apierrors.IsMethodNotSupported(err) {
			t.Errorf("delete: %v", err)
		}
	}
}

func TestFilesForAnotherProcess(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(node("one")), fakecluster.Options{})
	files, err := c.WriteFiles(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", files.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(nodes.Items) != 1 {
		t.Errorf("nodes %v, error %v", nodes, err)
	}
	config.TLSClientConfig.CAData, config.TLSClientConfig.CAFile = nil, files.KubeletCA
	if status, _ := get(t, httpClient(t, config), "https://"+c.KubeletAddress("one")+"/metrics"); status != http.StatusOK {
		t.Errorf("kubelet: status %d", status)
	}
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	renewed := metav1.NewMicroTime(time.Now().Add(-5 * time.Second).Truncate(time.Microsecond))
	long := metav1.NewMicroTime(renewed.Add(-time.Hour))
	lease := func(namespace, name string, at metav1.MicroTime) *coordinationv1.Lease {
		return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: coordinationv1.LeaseSpec{RenewTime: &at}}
	}
	ready := node("one")
	ready.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, LastHeartbeatTime: metav1.NewTime(long.Time)}}
	dead := node("two")
	dead.Status.Conditions = slices.Clone(ready.Status.Conditions)
	c := serve(t, spec(ready, dead,
		lease("kube-node-lease", "one", renewed), lease("kube-node-lease", "two", renewed), lease("kube-system", "old", long),
	), fakecluster.Options{LeaseInterval: 5 * time.Millisecond, HeartbeatInterval: 5 * time.Millisecond})
	if err := c.SetKubelet(t.Context(), "two", fakecluster.Dead); err != nil {
		t.Fatal(err)
	}
	client := typed(t, c, protobufType)
	leases, err := client.CoordinationV1().Leases("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := client.CoordinationV1().Leases("").Watch(t.Context(), metav1.ListOptions{ResourceVersion: leases.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	// Only what is alive beats from now on, time and again.
	expect(t, w, "MODIFIED one", "MODIFIED one", "MODIFIED one")

	since := metav1.NewTime(renewed.Time)
	nodes, err := client.CoreV1().Nodes().Watch(t.Context(), metav1.ListOptions{ResourceVersion: leases.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer nodes.Stop()
	for range 3 {
		kind, e := next(t, nodes)
		if kind != "MODIFIED one" {
			t.Fatalf("got %s", kind)
		}
		if beat := e.Object.(*corev1.Node).Status.Conditions[0].LastHeartbeatTime; !since.Before(&beat) {
			t.Errorf("heartbeat of %s", beat)
		}
	}
}
