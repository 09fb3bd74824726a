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
		{"component", "kube-scheduler", "kube-scheduler"},
		{"app", "ebs-csi-node", "ebs-csi-node"},
		{"app", "csi-hostpath-node", AddonCSINode},
		{"app", "nfs-csi-node", AddonCSINode},
		{"app", "csi-nfs-node", AddonCSINode},
		{"app", "csi-cephfsplugin-nodeplugin", AddonCSINode},
		{"app", "csi-nfs-controller", ""},
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
