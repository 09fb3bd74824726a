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
	// in the table, and AddonCSIController the pods that create and attach volumes for it.
	AddonCSINode       Addon = "csi-node"
	AddonCSIController Addon = "csi-controller"
	// AddonCloudController is what knows the machines of nodes, of whatever cloud.
	AddonCloudController Addon = "cloud-controller-manager"
)

// Values of labels of pods that are in namespaces of any name.
const (
	prometheusAdapter = "prometheus-adapter"
	kedaMetrics       = "keda-operator-metrics-apiserver"
	kedaOperator      = "keda-operator"
	rookBlock         = "csi-rbdplugin"
	rookFiles         = "csi-cephfsplugin"
	rookBlockMaker    = "csi-rbdplugin-provisioner"
	rookFilesMaker    = "csi-cephfsplugin-provisioner"
	longhornCSI       = "longhorn-csi-plugin"
	longhornManager   = "longhorn-manager"
	longhornAttacher  = "csi-attacher"
	longhornMaker     = "csi-provisioner"
	vsphereCSI        = "vsphere-csi-node"
	vsphereCSIMaker   = "vsphere-csi-controller"
)

// volumeApps are those values of the label app that agents and controllers of volumes have.
func volumeApps() []string {
	return []string{
		rookBlock, rookFiles, rookBlockMaker, rookFilesMaker, longhornCSI, longhornManager, longhornAttacher, longhornMaker, vsphereCSI, vsphereCSIMaker,
	}
}

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
		{"keda-operator", "app", kedaOperator},
		{"keda-operator", "app.kubernetes.io/name", kedaOperator},
		{AddonDashboard, "k8s-app", "kubernetes-dashboard"},
		{AddonDashboard, "app.kubernetes.io/name", "kubernetes-dashboard"},
		{AddonDashboard, "app.kubernetes.io/part-of", "kubernetes-dashboard"},
		// The static pods of the control plane, by the names that kubeadm and those who
		// follow it give them.
		{"etcd", "component", "etcd"},
		{"kube-apiserver", "component", "kube-apiserver"},
		{"kube-controller-manager", "component", "kube-controller-manager"},
		{"kube-scheduler", "component", "kube-scheduler"},
		{AddonCloudController, "component", "cloud-controller-manager"},
		{AddonCloudController, "k8s-app", "cloud-controller-manager"},
		{AddonCloudController, "k8s-app", "aws-cloud-controller-manager"},
		{AddonCloudController, "k8s-app", "openstack-cloud-controller-manager"},
		// What the API server reaches nodes, pods and webhooks through where it is elsewhere.
		{"konnectivity-agent", "k8s-app", "konnectivity-agent"},
		{"konnectivity-agent", "app", "konnectivity-agent"},
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

// storageAddons are the agents on nodes of CSI drivers, and what creates and attaches their
// volumes.
func storageAddons() []addonLabel {
	return []addonLabel{
		{"azuredisk-csi-controller", "app", "csi-azuredisk-controller"},
		{"azurefile-csi-controller", "app", "csi-azurefile-controller"},
		{"ebs-csi-controller", "app", "ebs-csi-controller"},
		{"efs-csi-controller", "app", "efs-csi-controller"},
		{"longhorn-csi-controller", "app", longhornAttacher},
		{"longhorn-csi-controller", "app", longhornMaker},
		{"longhorn-manager", "app", longhornManager},
		{"rook-csi-controller", "app", rookBlockMaker},
		{"rook-csi-controller", "app", rookFilesMaker},
		{"vsphere-csi-controller", "app", vsphereCSIMaker},
		{"azuredisk-csi-node", "app", "csi-azuredisk-node"},
		{"azurefile-csi-node", "app", "csi-azurefile-node"},
		{"ebs-csi-node", "app", "ebs-csi-node"},
		{"efs-csi-node", "app", "efs-csi-node"},
		{"gce-pd-csi-node", "k8s-app", "gcp-compute-persistent-disk-csi-driver"},
		{"longhorn-csi-node", "app", longhornCSI},
		{"rook-csi-node", "app", rookBlock},
		{"rook-csi-node", "app", rookFiles},
		{"vsphere-csi-node", "app", vsphereCSI},
	}
}

// csiNode is how those who follow the examples of Kubernetes call the agent on nodes of a
// CSI driver.
var csiNode = regexp.MustCompile(`^(.+-)?csi-(.+-)?node(-.+)?$|^csi-.*nodeplugin.*$`)

// csiController is how they call what creates and attaches its volumes.
var csiController = regexp.MustCompile(`^(.+-)?csi-(.+-)?(controller|provisioner|attacher)(plugin)?(-.+)?$`)

// cloudController is how clouds call theirs, after their own name.
var cloudController = regexp.MustCompile(`^.+-cloud-controller-manager$`)

// addonOf returns the addon that the labels mark, or "".
func addonOf(labels map[string]string) Addon {
	for _, l := range addonLabels() {
		if value, ok := labels[l.name]; ok && (value == l.value || l.value == "") {
			return l.addon
		}
	}
	for _, name := range append(appLabels(), "component") {
		switch value := labels[name]; {
		case csiNode.MatchString(value):
			return AddonCSINode
		case csiController.MatchString(value):
			return AddonCSIController
		case cloudController.MatchString(value):
			return AddonCloudController
		}
	}
	if strings.Contains(appOf(labels), "csi") {
		return csiPart(cmp.Or(labels["app.kubernetes.io/component"], labels["component"]))
	}
	return ""
}

// csiPart is what charts of CSI drivers, which give all parts of one the same name, mean by a
// component of it; empty if it is another.
func csiPart(component string) Addon {
	switch component {
	case "node", "nodeplugin", "node-plugin":
		return AddonCSINode
	case "controller", "controllerplugin", "controller-plugin":
		return AddonCSIController
	}
	return ""
}

// ofPattern tells the addons that are known by what the labels of many look like, and not by
// one of the table.
func ofPattern(addon Addon) bool {
	return addon == AddonCSINode || addon == AddonCSIController || addon == AddonCloudController
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
