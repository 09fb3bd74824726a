package collectors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/connectivity"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

func TestConnectivity(t *testing.T) {
	t.Parallel()
	result := func(node string, kind connectivity.Kind, zone string, outcome health.Reason, rtt time.Duration) connectivity.Result {
		return connectivity.Result{Peer: connectivity.Peer{Node: node, Kind: kind}, OtherZone: zone, Outcome: outcome, RTT: rtt}
	}
	c := connectivityCollector{node: "n1", from: connectivity.NodeNetwork, report: func() (connectivity.Report, bool) {
		return connectivity.Report{
			Zone: "a",
			Results: []connectivity.Result{
				result("n2", connectivity.NodeNetwork, "", health.Available, 300*time.Microsecond),
				result("n2", connectivity.PodNetwork, "", health.Timeout, 0),
				result("n3", connectivity.NodeNetwork, "b", connectivity.LargeFailed, 2*time.Millisecond),
				result("n3", connectivity.PodNetwork, "b", connectivity.Refused, 0),
			},
			Attempts: map[connectivity.Kind]map[health.Reason]uint64{
				connectivity.NodeNetwork: {health.Available: 240, connectivity.LargeFailed: 720},
				connectivity.PodNetwork:  {health.Timeout: 720, connectivity.Refused: 720, connectivity.NoRoute: 3},
			},
			Agents: map[connectivity.Kind]int{connectivity.NodeNetwork: 3, connectivity.PodNetwork: 3},
		}, true
	}}
	golden(t, connectivityName, c, Connectivity().Metrics)
}

// TestConnectivitySeriesDoNotGrowWithTheCluster counts those of an agent with eight
// peers; a node has two agents.
func TestConnectivitySeriesDoNotGrowWithTheCluster(t *testing.T) {
	t.Parallel()
	const k = 8
	r := connectivity.Report{Agents: map[connectivity.Kind]int{connectivity.NodeNetwork: 5000, connectivity.PodNetwork: 5000}}
	for i := range k {
		for _, kind := range connectivity.Kinds() {
			r.Results = append(r.Results, connectivity.Result{
				Peer: connectivity.Peer{Node: fmt.Sprint(i), Kind: kind}, Outcome: health.Available, RTT: time.Millisecond,
			})
		}
	}
	c := connectivityCollector{node: "n1", from: connectivity.PodNetwork, report: func() (connectivity.Report, bool) { return r, true }}
	got := strings.Count(string(scrapeText(t, connectivityName, c, Connectivity().Metrics)), "\nkubevitals_connectivity_")
	if want := 2 + 2 + 2*2 + 2 + 2; got != want {
		t.Errorf("%d series, want %d", got, want)
	}
}

// TestConnectivityWithoutPeers: an agent that never found a peer says so, and
// nothing else.
func TestConnectivityWithoutPeers(t *testing.T) {
	t.Parallel()
	c := connectivityCollector{
		report: func() (connectivity.Report, bool) { return connectivity.Report{}, false },
		peers:  func() error { return errors.New("forbidden") },
	}
	text := string(scrapeText(t, connectivityName, c, Connectivity().Metrics))
	if strings.Contains(text, "kubevitals_connectivity_") || !strings.Contains(text, `success{collector="connectivity"} 0`) {
		t.Errorf("without peers:\n%s", text)
	}
}

// agentSources are the sources of an agent on the node n1.
func agentSources(t *testing.T, server *rest.Config, o connectivity.Options) *sources.Sources {
	t.Helper()
	return newSources(t, server, func(c *sources.Config) { c.Connectivity = o })
}

// newSources returns sources that read the node n1 and the API server; change may
// set what else they need.
func newSources(t *testing.T, server *rest.Config, change func(*sources.Config)) *sources.Sources {
	t.Helper()
	c := sources.Config{
		REST: server, Host: sources.HostConfig{Root: "/", Node: "n1"}, Kubelet: unusedKubelets(),
		APIServers: apiserver.Options{Interval: time.Minute, Timeout: time.Second},
		Logger:     slog.New(slog.DiscardHandler), Now: time.Now,
	}
	change(&c)
	s, err := sources.NewSources(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// unusedKubelets are options for kubelets that are never asked.
func unusedKubelets() kubelet.Options {
	return kubelet.Options{
		PreferredAddressTypes: []corev1.NodeAddressType{corev1.NodeInternalIP},
		Timeout:               time.Second, StatsInterval: time.Minute, MetricsInterval: time.Minute, Concurrency: 1,
	}
}

func peerSlice(service string, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: service + "-x1", Namespace: "kubevitals", Labels: map[string]string{discoveryv1.LabelServiceName: service},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("peers"), Port: new(int32(9897)), Protocol: new(corev1.ProtocolTCP)}},
		Endpoints:   endpoints,
	}
}

// TestPeersAreFoundThroughTheAPI reads the EndpointSlices of a fake cluster with
// a real client, and sees the right to do so withdrawn.
func TestPeersAreFoundThroughTheAPI(t *testing.T) {
	t.Parallel()
	at := func(node, address string) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{NodeName: new(node), Addresses: []string{address}, Zone: new("a")}
	}
	other := peerSlice("another-service", at("n9", "10.0.0.9"))
	cluster, err := fakecluster.Start(t.Context(), &fakecluster.Spec{
		Version: "v1.37.2", APIServers: []fakecluster.APIServer{{Name: "cp-1"}},
		Objects: []runtime.Object{
			peerSlice(connectivity.NodeService, at("n1", "10.0.0.1"), at("n2", "10.0.0.2")),
			peerSlice(connectivity.PodService, at("n2", "10.1.2.3")), other,
		},
	}, fakecluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	s := agentSources(t, cluster.RESTConfig(), connectivity.Options{Namespace: "kubevitals"})
	peers, err := s.ListPeers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range peers {
		got = append(got, p.Node+" "+string(p.Kind)+" "+p.Address+" "+p.Zone)
	}
	const want = "n1 node 10.0.0.1:9897 a, n2 node 10.0.0.2:9897 a, n2 pod 10.1.2.3:9897 a"
	if strings.Join(got, ", ") != want {
		t.Errorf("found %s", strings.Join(got, ", "))
	}

	if err := cluster.Refuse("endpointslices", &metav1.Status{Code: 403, Reason: metav1.StatusReasonForbidden}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ListPeers(t.Context()); health.Classify(err) != health.Forbidden {
		t.Errorf("without the right: %v", err)
	}
}

// TestConnectivityStarts builds the collector as the program does.
func TestConnectivityStarts(t *testing.T) {
	t.Parallel()
	cluster, err := fakecluster.Start(t.Context(), &fakecluster.Spec{
		Version: "v1.37.2", APIServers: []fakecluster.APIServer{{Name: "cp-1"}},
		Objects: []runtime.Object{peerSlice(connectivity.NodeService, discoveryv1.Endpoint{NodeName: new("n1"), Addresses: []string{"10.0.0.1"}})},
	}, fakecluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	s := agentSources(t, cluster.RESTConfig(), connectivity.Options{Namespace: "kubevitals", From: connectivity.NodeNetwork, Listen: "127.0.0.1:0"})
	c, err := Connectivity().New(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.Start(ctx)
	defer s.Wait()
	defer cancel()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		text := string(scrapeText(t, connectivityName, c, Connectivity().Metrics))
		if strings.Contains(text, `kubevitals_connectivity_agents{from="node",network="node",node="n1"} 1`) {
			return
		}
	}
	t.Errorf("the agent does not see itself: %+v", s.States())
}
