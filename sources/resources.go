package sources

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubevitals/kubevitals/sources/host/connectivity"
)

// The sources that are lists of objects.
const (
	Nodes               Read = "nodes"
	Pods                Read = "pods"
	SystemPods          Read = "system_pods"
	DashboardPods       Read = "dashboard_pods"
	OpenShiftDNSPods    Read = "openshift_dns_pods"
	CalicoPods          Read = "calico_pods"
	FlannelPods         Read = "flannel_pods"
	OVNPods             Read = "openshift_ovn_pods"
	AdapterPods         Read = "metrics_adapter_pods"
	VolumePods          Read = "volume_agent_pods"
	Events              Read = "events"
	KubeletStarts       Read = "kubelet_starts"
	NodeTurns           Read = "node_turns"
	Deployments         Read = "deployments"
	SystemDeployments   Read = "system_deployments"
	SystemDaemonSets    Read = "system_daemonsets"
	HPAs                Read = "horizontalpodautoscalers"
	APIServices         Read = "apiservices"
	NodeMetricsList     Read = "node_metrics"
	SystemLeases        Read = "leases"
	NodeLeases          Read = "node_leases"
	APIServerEndpoints  Read = "endpointslices"
	DNSEndpoints        Read = "dns_endpointslices"
	DNSServices         Read = "dns_services"
	ExternalServices    Read = "external_services"
	Peers               Read = "connectivity_peers"
	CertificateRequests Read = "certificatesigningrequests"
	Namespaces          Read = "namespaces"
	ValidatingWebhooks  Read = "validatingwebhookconfigurations"
	MutatingWebhooks    Read = "mutatingwebhookconfigurations"
	WebhookEndpoints    Read = "webhook_endpointslices"
)

// Namespaces that the lists are of, beside those that client-go names.
const (
	// OwnNamespace stands for the one that kubevitals runs in. It is no name that a
	// namespace can have.
	OwnNamespace       = "(own)"
	dashboardNamespace = "kubernetes-dashboard"
	openShiftDNS       = "openshift-dns"
	calicoSystem       = "calico-system"
	kubeFlannel        = "kube-flannel"
	openShiftOVN       = "openshift-ovn-kubernetes"
)

const (
	dnsLabels = "k8s-app=kube-dns"
	// Pods that installers put into namespaces of any name.
	adapterLabels   = "app.kubernetes.io/name in (" + prometheusAdapter + ", " + kedaMetrics + ", " + kedaOperator + ")"
	apiServerLabels = discoveryv1.LabelServiceName + "=kubernetes"
	peerLabels      = discoveryv1.LabelServiceName + " in (" + connectivity.NodeService + ", " + connectivity.PodService + ")"
)

// Resources is the table of what is read from API servers. A new resource is a new
// row of it.
func Resources() Table {
	return slices.Concat(coreResources(), groupResources(), webhookResources())
}

// aliases are the same kind in other versions or groups, all trimmed alike: in what is
// read of it these are of the same shape.
func aliases(kind string, trim Trim, versions ...string) []Alias {
	var all []Alias
	for _, version := range versions {
		all = append(all, Alias{schema.FromAPIVersionAndKind(version, kind), trim})
	}
	return all
}

// coreResources are the rows of the core group, which has no name.
func coreResources() Table {
	return Table{
		{
			Versions: []string{"v1"}, Kind: "Node", Plural: "nodes", Alive: true,
			Lists:  []List{{Source: Nodes}},
			Unread: unreadOfNodes(), Managed: heartbeatWriter, Trim: Trimmed(trimNode), Redact: Redacted(redactNode),
		},
		{
			Versions: []string{"v1"}, Kind: "Pod", Plural: "pods", Namespaced: true,
			Lists: []List{
				{Source: Pods},
				{Source: SystemPods, Namespace: metav1.NamespaceSystem},
				{Source: DashboardPods, Namespace: dashboardNamespace, Optional: true},
				{Source: OpenShiftDNSPods, Namespace: openShiftDNS, Optional: true},
				{Source: CalicoPods, Namespace: calicoSystem, Optional: true},
				{Source: FlannelPods, Namespace: kubeFlannel, Optional: true},
				{Source: OVNPods, Namespace: openShiftOVN, Optional: true},
				{Source: AdapterPods, Labels: adapterLabels},
				{Source: VolumePods, Labels: "app in (" + strings.Join(volumeApps(), ", ") + ")"},
			},
			Fields: podFields, Unread: unreadOfPods(), Trim: Trimmed(trimPod), Redact: Redacted(redactPod),
		},
		{
			Versions: []string{"v1"}, Kind: "Event", Plural: "events", Namespaced: true, Uncached: true,
			Lists: []List{
				{Source: Events, Fields: "type=Warning"},
				{Source: KubeletStarts, Fields: "reason=Starting,source=kubelet"},
				{Source: NodeTurns, Fields: "reason=NodeNotReady,involvedObject.kind=Node"},
			},
			Fields: eventFields, Trim: Trimmed(trimEvent), Redact: Redacted(redactEvent),
			Aliases: aliases("Event", Trimmed(trimNewEvent), "events.k8s.io/v1", "events.k8s.io/v1beta1"),
		},
		{
			Versions: []string{"v1"}, Kind: "Service", Plural: "services", Namespaced: true,
			Lists: []List{
				{Source: DNSServices, Namespace: metav1.NamespaceSystem, Labels: dnsLabels, Probed: true},
				{Source: ExternalServices, Fields: serviceTypeField + "=" + string(corev1.ServiceTypeExternalName), Complete: true},
			},
			Fields: serviceFields, Trim: Trimmed(trimService), Redact: Redacted(redactService),
		},
		// That a dump names all namespaces tells whether it lacks objects of some.
		{
			Versions: []string{"v1"}, Kind: "Namespace", Plural: "namespaces",
			Lists: []List{{Source: Namespaces}},
			Trim:  Trimmed(trimNamespace), Redact: Redacted(redactNamespace),
		},
	}
}

// groupResources are the rows of all other groups.
func groupResources() Table {
	return Table{
		{
			Group: "apps", Versions: []string{"v1"}, Kind: "Deployment", Plural: "deployments", Namespaced: true,
			Lists:  []List{{Source: Deployments}, {Source: SystemDeployments, Namespace: metav1.NamespaceSystem}},
			Unread: unreadOfDeployments(), Trim: Trimmed(trimDeployment), Redact: Redacted(redactDeployment),
			Aliases: aliases("Deployment", Trimmed(trimDeployment), "apps/v1beta2", "apps/v1beta1", "extensions/v1beta1"),
		},
		{
			Group: "apps", Versions: []string{"v1"}, Kind: "DaemonSet", Plural: "daemonsets", Namespaced: true,
			Lists: []List{{Source: SystemDaemonSets, Namespace: metav1.NamespaceSystem}},
			Trim:  Trimmed(trimDaemonSet), Redact: Redacted(redactDaemonSet),
			Aliases: aliases("DaemonSet", Trimmed(trimDaemonSet), "apps/v1beta2", "extensions/v1beta1"),
		},
		{
			Group: "autoscaling", Versions: []string{"v2"}, Kind: "HorizontalPodAutoscaler", Plural: "horizontalpodautoscalers", Namespaced: true,
			Lists: []List{{Source: HPAs}},
			Trim:  Trimmed(trimAutoscaler), Redact: Redacted(redactAutoscaler),
			Aliases: []Alias{
				{schema.GroupVersionKind{Group: "autoscaling", Version: "v2beta2", Kind: "HorizontalPodAutoscaler"}, Trimmed(trimAutoscaler)},
				{schema.GroupVersionKind{Group: "autoscaling", Version: "v1", Kind: "HorizontalPodAutoscaler"}, Trimmed(trimOldAutoscaler)},
			},
		},
		{
			Group: "apiregistration.k8s.io", Versions: []string{"v1"}, Kind: "APIService", Plural: "apiservices", Whole: true,
			Lists: []List{{Source: APIServices}},
			Trim:  Trimmed(trimAPIService), Redact: Redacted(redactAPIService),
			Aliases: aliases("APIService", Trimmed(trimAPIService), "apiregistration.k8s.io/v1beta1"),
		},
		{
			// v1beta1 is what metrics servers have served for years; v1 came with
			// Kubernetes 1.37.
			Group: "metrics.k8s.io", Versions: []string{"v1beta1", "v1"}, Kind: "NodeMetrics", Plural: "nodes", Addon: true, Alive: true,
			Lists: []List{{Source: NodeMetricsList, Polled: true}},
			Trim:  Trimmed(trimNodeMetrics), Redact: Redacted(redactNodeMetrics),
		},
		{
			Group: "certificates.k8s.io", Versions: []string{"v1"}, Kind: "CertificateSigningRequest", Plural: "certificatesigningrequests",
			Lists: []List{{Source: CertificateRequests}},
			Trim:  Trimmed(trimCertificateRequest), Redact: Redacted(redactCertificateRequest),
			Aliases: aliases("CertificateSigningRequest", Trimmed(trimCertificateRequest), "certificates.k8s.io/v1beta1"),
		},
		{
			Group: "coordination.k8s.io", Versions: []string{"v1"}, Kind: "Lease", Plural: "leases", Namespaced: true, Alive: true,
			Lists: []List{
				{Source: SystemLeases, Namespace: metav1.NamespaceSystem},
				{Source: NodeLeases, Namespace: corev1.NamespaceNodeLease},
			},
			Trim: Trimmed(trimLease), Redact: Redacted(redactLease),
			Aliases: aliases("Lease", Trimmed(trimLease), "coordination.k8s.io/v1beta1"),
		},
		{
			Group: "discovery.k8s.io", Versions: []string{"v1"}, Kind: "EndpointSlice", Plural: "endpointslices", Namespaced: true,
			Lists: []List{
				{Source: APIServerEndpoints, Namespace: metav1.NamespaceDefault, Labels: apiServerLabels},
				{Source: DNSEndpoints, Namespace: metav1.NamespaceSystem, Labels: dnsLabels, Probed: true},
				{Source: Peers, Namespace: OwnNamespace, Labels: peerLabels, Polled: true, Probed: true},
				// By the names of their Services, which are known only once webhooks are.
				{Source: WebhookEndpoints, Labels: discoveryv1.LabelServiceName, Polled: true, Complete: true},
			},
			Trim: Trimmed(trimEndpointSlice), Redact: Redacted(redactEndpointSlice),
		},
	}
}
