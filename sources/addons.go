package sources

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Addon is a component that clusters run as pods, and that others stand on. Those that
// are known by their labels are a closed set.
type Addon string

// The addons that code asks for by name; addonLabels has all.
const (
	AddonDNS           Addon = "dns"
	AddonNodeLocalDNS  Addon = "node-local-dns"
	AddonKubeProxy     Addon = "kube-proxy"
	AddonMetricsServer Addon = "metrics-server"
	AddonDashboard     Addon = "dashboard"
	// AddonCSINode are the agents on nodes of CSI drivers that have no name of their own
	// in the table.
	AddonCSINode Addon = "csi-node"
)

// Values of labels of pods that are in namespaces of any name.
const (
	prometheusAdapter = "prometheus-adapter"
	kedaMetrics       = "keda-operator-metrics-apiserver"
	rookBlock         = "csi-rbdplugin"
	rookFiles         = "csi-cephfsplugin"
	longhornCSI       = "longhorn-csi-plugin"
)

// openShiftDNSLabel is on the pods of OpenShift's DNS, whatever its value.
const openShiftDNSLabel = "dns.operator.openshift.io/daemonset-dns"

// addonLabel is a label by which installers mark an addon; an empty value stands for any.
type addonLabel struct {
	addon       Addon
	name, value string
}

// addonLabels are all of them.
func addonLabels() []addonLabel {
	return slices.Concat(coreAddons(), networkAddons(), storageAddons())
}

func coreAddons() []addonLabel {
	return []addonLabel{
		{AddonDNS, "k8s-app", "kube-dns"},
		{AddonDNS, "k8s-app", "coredns"},
		{AddonDNS, "app.kubernetes.io/name", "coredns"},
		{AddonDNS, "app.kubernetes.io/name", "rke2-coredns"},
		{AddonDNS, openShiftDNSLabel, ""},
		{AddonNodeLocalDNS, "k8s-app", "node-local-dns"},
		{AddonNodeLocalDNS, "k8s-app", "nodelocaldns"},
		{AddonNodeLocalDNS, "app.kubernetes.io/name", "node-local-dns"},
		{"dns-autoscaler", "k8s-app", "coredns-autoscaler"},
		{"dns-autoscaler", "k8s-app", "kube-dns-autoscaler"},
		{"dns-autoscaler", "k8s-app", "dns-autoscaler"},
		{AddonKubeProxy, "k8s-app", "kube-proxy"},
		{AddonKubeProxy, "component", "kube-proxy"},
		{AddonMetricsServer, "k8s-app", "metrics-server"},
		{AddonMetricsServer, "app.kubernetes.io/name", "metrics-server"},
		{"prometheus-adapter", "app.kubernetes.io/name", prometheusAdapter},
		{"keda-metrics-apiserver", "app", kedaMetrics},
		{"keda-metrics-apiserver", "app.kubernetes.io/name", kedaMetrics},
		{AddonDashboard, "k8s-app", "kubernetes-dashboard"},
		{AddonDashboard, "app.kubernetes.io/name", "kubernetes-dashboard"},
		{AddonDashboard, "app.kubernetes.io/part-of", "kubernetes-dashboard"},
		// The static pods of the control plane, by the names that kubeadm and those who
		// follow it give them.
		{"etcd", "component", "etcd"},
		{"kube-apiserver", "component", "kube-apiserver"},
		{"kube-controller-manager", "component", "kube-controller-manager"},
		{"kube-scheduler", "component", "kube-scheduler"},
		{"cloud-controller-manager", "component", "cloud-controller-manager"},
		{"cloud-controller-manager", "k8s-app", "cloud-controller-manager"},
		{"cloud-controller-manager", "k8s-app", "aws-cloud-controller-manager"},
		{"cloud-controller-manager", "k8s-app", "openstack-cloud-controller-manager"},
	}
}

// networkAddons are the agents of network plugins.
func networkAddons() []addonLabel {
	return []addonLabel{
		{"antrea", "component", "antrea-agent"},
		{"aws-node", "k8s-app", "aws-node"},
		{"aws-node", "app.kubernetes.io/name", "aws-node"},
		{"azure-cns", "k8s-app", "azure-cns"},
		{"calico", "k8s-app", "calico-node"},
		{"calico", "k8s-app", "canal"},
		{"calico-typha", "k8s-app", "calico-typha"},
		{"cilium", "k8s-app", "cilium"},
		{"cilium-operator", "io.cilium/app", "operator"},
		{"flannel", "k8s-app", "flannel"},
		{"flannel", "app", "flannel"},
		{"ip-masq-agent", "k8s-app", "ip-masq-agent"},
		{"ip-masq-agent", "k8s-app", "azure-ip-masq-agent"},
		{"kindnet", "k8s-app", "kindnet"},
		{"kindnet", "app", "kindnet"},
		{"kube-router", "k8s-app", "kube-router"},
		{"multus", "name", "multus"},
		{"multus", "app", "multus"},
		{"ovn-kubernetes", "app", "ovnkube-node"},
		{"weave", "name", "weave-net"},
	}
}

// storageAddons are the agents on nodes of CSI drivers.
func storageAddons() []addonLabel {
	return []addonLabel{
		{"azuredisk-csi-node", "app", "csi-azuredisk-node"},
		{"azurefile-csi-node", "app", "csi-azurefile-node"},
		{"ebs-csi-node", "app", "ebs-csi-node"},
		{"efs-csi-node", "app", "efs-csi-node"},
		{"gce-pd-csi-node", "k8s-app", "gcp-compute-persistent-disk-csi-driver"},
		{"longhorn-csi-node", "app", longhornCSI},
		{"rook-csi-node", "app", rookBlock},
		{"rook-csi-node", "app", rookFiles},
		{"vsphere-csi-node", "app", "vsphere-csi-node"},
	}
}

// csiNode is how those who follow the examples of Kubernetes call the agent on nodes of a
// CSI driver.
var csiNode = regexp.MustCompile(`^(.+-)?csi-(.+-)?node(-.+)?$|^csi-.*nodeplugin.*$`)

// addonOf returns the addon that the labels mark, or "".
func addonOf(labels map[string]string) Addon {
	for _, l := range addonLabels() {
		if value, ok := labels[l.name]; ok && (value == l.value || l.value == "") {
			return l.addon
		}
	}
	for _, name := range appLabels() {
		if csiNode.MatchString(labels[name]) {
			return AddonCSINode
		}
	}
	if strings.Contains(appOf(labels), "csi") && csiNodePart(cmp.Or(labels["app.kubernetes.io/component"], labels["component"])) {
		return AddonCSINode
	}
	return ""
}

// csiNodePart tells whether charts of CSI drivers, which give all parts of one the same
// name, call the agent on nodes so.
func csiNodePart(component string) bool {
	return slices.Contains([]string{"node", "nodeplugin", "node-plugin"}, component)
}

// appLabels are those that say what a component is, the customary first.
func appLabels() []string { return []string{"k8s-app", "app.kubernetes.io/name", "app", "name"} }

// appOf is what the labels call a component.
func appOf(labels map[string]string) string {
	var values []string
	for _, name := range appLabels() {
		values = append(values, labels[name])
	}
	return cmp.Or(values...)
}
