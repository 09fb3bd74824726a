package fakecluster

import (
	"io"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
)

// Spec is a cluster at one moment: what its API servers and kubelets answer.
type Spec struct {
	// Version is the version of the API servers, like v1.37.2.
	Version string
	// Objects are typed objects of the resources that are served (see
	// Resources), and *unstructured.Unstructured for APIServices.
	Objects []runtime.Object
	// APIServers are the instances; one at least must be Healthy.
	APIServers []APIServer
	// Kubelet returns what the kubelet of a node is like. It is called once for
	// each node that appears; nil means that no node has a kubelet to talk to.
	Kubelet func(node string) Kubelet
}

// APIServer is one instance of the API server.
type APIServer struct {
	// Name is its host, as the label kubernetes.io/hostname of its identity Lease.
	Name  string
	Fault Fault
	// CertificateExpiresIn is the life left to its serving certificate; negative
	// is expired, 0 means a year.
	CertificateExpiresIn time.Duration
	// FailingLivez and FailingReadyz are the named checks that fail.
	FailingLivez, FailingReadyz []string
	// MaxConcurrentStreams is announced to HTTP/2 clients; 0 means 100, the
	// default of kube-apiserver.
	MaxConcurrentStreams int
	// Metrics is the body of /metrics; nil answers 404.
	Metrics Body
}

// Kubelet is the kubelet of one node. A nil body answers 404.
type Kubelet struct {
	Fault Fault
	// Metrics, Summary and Configz are the bodies of /metrics, /stats/summary and
	// /configz.
	Metrics, Summary, Configz Body
}

// Body writes the body of an answer. It is called for every request, possibly
// concurrently, so that thousands of kubelets need not hold theirs.
type Body func(w io.Writer, r Request) error

// Request is what a Body may depend on.
type Request struct {
	// Name is the node, or the API server, that is asked.
	Name string
	// Now is the present time, and Uptime how long the cluster has been served.
	Now    time.Time
	Uptime time.Duration
}

// Fault is what is wrong with a listener as a whole.
type Fault string

const (
	// Healthy listeners answer.
	Healthy Fault = ""
	// Dead listeners refuse connections.
	Dead Fault = "dead"
	// Hung listeners accept requests and never answer.
	Hung Fault = "hung"
	// Forbidden listeners answer every request with 403.
	Forbidden Fault = "forbidden"
	// Untrusted listeners show a certificate of another authority.
	Untrusted Fault = "untrusted"
)

func (f Fault) valid() bool {
	switch f {
	case Healthy, Dead, Hung, Forbidden, Untrusted:
		return true
	}
	return false
}
