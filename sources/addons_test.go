package sources

import "testing"

// TestAddonOf verifies that agents of networks and volumes are known by what their
// installers call them, and that others are not taken for them.
func TestAddonOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, value string
		want        Addon
	}{
		{"k8s-app", "cilium", "cilium"},
		{"k8s-app", "calico-node", "calico"},
		{"app", "flannel", "flannel"},
		{"name", "weave-net", "weave"},
		{"component", "antrea-agent", "antrea"},
		{"io.cilium/app", "operator", "cilium-operator"},
		{"k8s-app", "aws-cloud-controller-manager", "cloud-controller-manager"},
		{"component", "kube-scheduler", "kube-scheduler"},
		{"app", "ebs-csi-node", "ebs-csi-node"},
		{"app", "csi-hostpath-node", AddonCSINode},
		{"app", "nfs-csi-node", AddonCSINode},
		{"app", "csi-nfs-node", AddonCSINode},
		{"app", "csi-cephfsplugin-nodeplugin", AddonCSINode},
		{"app", "csi-nfs-controller", AddonCSIController},
		{"app", "csi-cephfsplugin-provisioner", "rook-csi-controller"},
		{"app", "csi-hostpath-provisioner", AddonCSIController},
		{"app", "vsphere-csi-controller", "vsphere-csi-controller"},
		{"app", "csi-attacher", "longhorn-csi-controller"},
		{"app", "csi-snapshotter", ""},
		{"k8s-app", "vsphere-cpi-cloud-controller-manager", AddonCloudController},
		{"component", "rancher-vsphere-cpi-cloud-controller-manager", AddonCloudController},
		{"app", "hcloud-cloud-controller-manager", AddonCloudController},
		{"app", "cloud-controller-manager-dashboard", ""},
		{"app.kubernetes.io/name", "keda-operator", "keda-operator"},
		{"k8s-app", "konnectivity-agent", "konnectivity-agent"},
		{"app", "node-exporter", ""},
		{"app", "flannel-dashboard", ""},
		{"tier", "cilium", ""},
		{"k8s-app", "", ""},
	} {
		if got := addonOf(map[string]string{tt.name: tt.value}); got != tt.want {
			t.Errorf("%s=%s: %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}

// TestAddonOfParts verifies that the agent on nodes of a CSI driver is known where its chart
// gives all parts one name.
func TestAddonOfParts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		labels map[string]string
		want   Addon
	}{
		{map[string]string{"app": "openstack-cinder-csi", "component": "nodeplugin"}, AddonCSINode},
		{map[string]string{"app.kubernetes.io/name": "hcloud-csi", "app.kubernetes.io/component": "node"}, AddonCSINode},
		{map[string]string{"app": "openstack-cinder-csi", "component": "controllerplugin"}, AddonCSIController},
		{map[string]string{"app.kubernetes.io/name": "hcloud-csi", "app.kubernetes.io/component": "controller"}, AddonCSIController},
		{map[string]string{"component": "rancher-vsphere-cpi-cloud-controller-manager"}, AddonCloudController},
		{map[string]string{"app": "shop", "component": "controller"}, ""},
		{map[string]string{"app": "shop", "component": "node"}, ""},
	} {
		if got := addonOf(tt.labels); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.labels, got, tt.want)
		}
		redactLabels(tt.labels, renamed{})
		if got := addonOf(tt.labels); got != tt.want {
			t.Errorf("redacted %v: %q, want %q", tt.labels, got, tt.want)
		}
	}
}

// TestKnownComponent verifies that a redacted snapshot keeps the names of addons, and no
// other.
func TestKnownComponent(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"cilium": true, "node-local-dns": true, "kube-scheduler": true, "": false, "shop": false} {
		if got := knownComponent(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
