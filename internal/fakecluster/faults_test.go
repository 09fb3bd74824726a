package fakecluster_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/sources/health"
)

// kubeletClient has the token and trusts the kubelets.
func kubeletClient(t *testing.T, c *fakecluster.Cluster) *http.Client {
	t.Helper()
	config := c.RESTConfig()
	config.TLSClientConfig = rest.TLSClientConfig{CAData: c.KubeletCA()}
	return httpClient(t, config)
}

func TestKubelets(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(node("one"), node("two")), fakecluster.Options{})
	client := kubeletClient(t, c)
	nodes, err := typed(t, c, protobufType).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes.Items {
		host, port, err := net.SplitHostPort(c.KubeletAddress(n.Name))
		if err != nil {
			t.Fatal(err)
		}
		if a := n.Status.Addresses[0]; a.Type != corev1.NodeInternalIP || a.Address != host {
			t.Errorf("%s: address %+v, its kubelet is at %s", n.Name, a, host)
		}
		if got, err := net.LookupPort("tcp", port); err != nil || int32(got) != n.Status.DaemonEndpoints.KubeletEndpoint.Port {
			t.Errorf("%s: port %d, its kubelet is at %s", n.Name, n.Status.DaemonEndpoints.KubeletEndpoint.Port, port)
		}
		status, body := get(t, client, "https://"+c.KubeletAddress(n.Name)+"/metrics")
		if want := `kubelet_node_name{node="` + n.Name + `"} 1`; status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, body %q", n.Name, status, body)
		}
	}
	base := "https://" + c.KubeletAddress("one")
	for path, want := range map[string]int{"/stats/summary": 200, "/configz": 200, "/exec": 404} {
		if status, _ := get(t, client, base+path); status != want {
			t.Errorf("%s: status %d, want %d", path, status, want)
		}
	}
	anonymous := httpClient(t, &rest.Config{TLSClientConfig: rest.TLSClientConfig{CAData: c.KubeletCA()}})
	if status, _ := get(t, anonymous, base+"/metrics"); status != http.StatusUnauthorized {
		t.Errorf("without a token: status %d", status)
	}
	if _, err := httpClient(t, c.RESTConfig()).Get(base + "/metrics"); health.Classify(err) != health.TLS {
		t.Errorf("with the authority of the API servers: %v", err)
	}
}

// TestNodesComeAndGo verifies that kubelets do as well.
func TestNodesComeAndGo(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(), fakecluster.Options{})
	client := kubeletClient(t, c)
	if err := c.Upsert(t.Context(), node("late")); err != nil {
		t.Fatal(err)
	}
	address := c.KubeletAddress("late")
	if status, _ := get(t, client, "https://"+address+"/metrics"); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if err := c.Delete(node("late")); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get("https://" + address + "/metrics"); health.Classify(err) != health.Unreachable {
		t.Errorf("the kubelet of a node that is gone: %v", err)
	}
	if err := c.Delete(node("late")); !errors.Is(err, fakecluster.ErrNoObject) {
		t.Errorf("delete what is gone: %v", err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(node("one")), fakecluster.Options{})
	// A new client each time: a connection that broke would tell of that only.
	fresh := func(ca []byte) *http.Client {
		config := c.RESTConfig()
		config.TLSClientConfig.CAData = ca
		config.Dial = (&net.Dialer{}).DialContext
		client := httpClient(t, config)
		t.Cleanup(client.CloseIdleConnections)
		return client
	}
	apiCA := c.RESTConfig().CAData
	apiURL := "https://" + c.APIServerAddress("cp-1") + "/api/v1/nodes"
	kubeletURL := "https://" + c.KubeletAddress("one") + "/metrics"
	// What comes of a request: a status, or why there is none.
	try := func(client *http.Client, url string, bound time.Duration) (int, health.Reason) {
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			return 0, health.Classify(err)
		}
		_ = response.Body.Close()
		return response.StatusCode, health.Available
	}
	cases := []struct {
		fault  fakecluster.Fault
		bound  time.Duration
		status int
		reason health.Reason
	}{
		{fakecluster.Dead, patience, 0, health.Unreachable},
		{fakecluster.Hung, 100 * time.Millisecond, 0, health.Timeout},
		{fakecluster.Forbidden, patience, 403, health.Available},
		{fakecluster.Untrusted, patience, 0, health.TLS},
		{fakecluster.Healthy, patience, 200, health.Available},
	}
	for _, tc := range cases {
		if err := c.SetAPIServer(t.Context(), "cp-1", tc.fault); err != nil {
			t.Fatal(err)
		}
		if err := c.SetKubelet(t.Context(), "one", tc.fault); err != nil {
			t.Fatal(err)
		}
		for name, target := range map[string]struct {
			ca  []byte
			url string
		}{"API server": {apiCA, apiURL}, "kubelet": {c.KubeletCA(), kubeletURL}} {
			if status, reason := try(fresh(target.ca), target.url, tc.bound); status != tc.status || reason != tc.reason {
				t.Errorf("%s %q: status %d, reason %s", name, tc.fault, status, reason)
			}
		}
	}
	if err := c.SetKubelet(t.Context(), "two", fakecluster.Dead); !errors.Is(err, fakecluster.ErrNoObject) {
		t.Errorf("kubelet of no node: %v", err)
	}
}

// TestDeadPortsStayTaken verifies that no other program comes to answer for the dead.
func TestDeadPortsStayTaken(t *testing.T) {
	t.Parallel()
	s := spec(node("one"))
	s.Kubelet = nil
	c := serve(t, s, fakecluster.Options{})
	l, err := net.Listen("tcp", c.KubeletAddress("one"))
	if err == nil {
		_ = l.Close()
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("the port can be had: %v", err)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*fakecluster.Spec){
		"no API server":     func(s *fakecluster.Spec) { s.APIServers = nil },
		"no healthy server": func(s *fakecluster.Spec) { s.APIServers[0].Fault = fakecluster.Hung },
		"unknown fault": func(s *fakecluster.Spec) {
			s.APIServers = append(s.APIServers, fakecluster.APIServer{Fault: "tired"})
		},
		"unknown kubelet": func(s *fakecluster.Spec) {
			s.Kubelet = func(string) fakecluster.Kubelet { return fakecluster.Kubelet{Fault: "tired"} }
		},
		"object of no table": func(s *fakecluster.Spec) { s.Objects = append(s.Objects, &corev1.Secret{}) },
		"pod in no namespace": func(s *fakecluster.Spec) {
			s.Objects = append(s.Objects, pod("", "one", ""))
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := spec(node("one"))
			spoil(s)
			if c, err := fakecluster.Start(t.Context(), s, fakecluster.Options{}); err == nil {
				c.Close()
				t.Error("it started")
			}
		})
	}
}

// TestCloseLeavesNothing is not parallel: it counts what the process holds.
func TestCloseLeavesNothing(t *testing.T) {
	descriptors := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("cannot count file descriptors here")
		}
		return len(entries)
	}
	round := func() {
		s := spec(node("one"), node("two"), node("three"), pod("a", "one", "one"))
		s.APIServers = append(s.APIServers, fakecluster.APIServer{Name: "cp-2", Fault: fakecluster.Dead})
		c, err := fakecluster.Start(t.Context(), s, fakecluster.Options{})
		if err != nil {
			t.Fatal(err)
		}
		client := typed(t, c, protobufType)
		w, err := client.CoreV1().Pods("").Watch(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, w, "ADDED one")
		get(t, kubeletClient(t, c), "https://"+c.KubeletAddress("one")+"/metrics")
		c.Close()
		if kind, _ := next(t, w); kind != "END" && kind != "ERROR" {
			t.Errorf("after Close: %s", kind)
		}
		w.Stop()
		if err := c.Upsert(t.Context(), node("four")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a new node after Close: %v", err)
		}
		c.Close() // once more changes nothing
	}
	round() // what is made once and kept
	goroutines, files := runtime.NumGoroutine(), descriptors()
	for range 5 {
		round()
	}
	// Connections take a moment to notice on the side of the client.
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		return runtime.NumGoroutine() <= goroutines+2 && descriptors() <= files+2, nil
	})
	if err != nil {
		trace := make([]byte, 1<<20)
		t.Fatalf("goroutines %d -> %d, descriptors %d -> %d\n%s", goroutines, runtime.NumGoroutine(),
			files, descriptors(), trace[:runtime.Stack(trace, true)])
	}
}

// TestContextEnds verifies that the end of the context ends the cluster.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c, err := fakecluster.Start(ctx, spec(), fakecluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	err = wait.PollUntilContextTimeout(t.Context(), 5*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		conn, err := net.Dial("tcp", c.APIServerAddress("cp-1"))
		if err == nil {
			_ = conn.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED), nil
	})
	if err != nil {
		t.Error("the API server still listens")
	}
}
