package kubeproxy

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// The traces.
const (
	// IPTables is a chain KUBE-SERVICES in the table nat. Rules of iptables-legacy,
	// which no nftables shows, are not looked at.
	IPTables = "iptables"
	// NFTables is a table kube-proxy.
	NFTables = "nftables"
	// IPVS is a network interface kube-ipvs0.
	IPVS = "ipvs"
	// Pod is a container kube-proxy whose logs the kubelet keeps, as it does until
	// the pod is deleted, whether the container runs or not.
	Pod = "pod"
	// Unit is a service kube-proxy that systemd is to start at boot.
	Unit = "unit"
)

// Finder looks for what kube-proxy leaves on a node that it works on. That nothing
// answers as kube-proxy is a fault only where one belongs, and a look without a
// memory can learn that from nothing else.
type Finder struct {
	// root is where the file system of the host is mounted.
	root string
}

// NewFinder returns a finder for the machine whose file system is mounted at root. The
// network is that of this process.
func NewFinder(root string) Finder { return Finder{root} }

// Find tells for each trace whether it is there. It leaves out what could not be
// looked at: the kernel shows its rules to none without the capability NET_ADMIN.
// Files of a dead disk may keep it for ever, whatever ctx says.
func (f Finder) Find(ctx context.Context) map[string]bool {
	found := map[string]bool{}
	for trace, look := range map[string]func(context.Context) (bool, error){
		IPTables: chainExists, NFTables: tableExists, IPVS: interfaceExists, Pod: f.pod, Unit: f.unit,
	} {
		if there, err := look(ctx); err == nil {
			found[trace] = there
		}
	}
	return found
}

func interfaceExists(context.Context) (bool, error) {
	interfaces, err := net.Interfaces()
	for _, i := range interfaces {
		if i.Name == "kube-ipvs0" {
			return true, nil
		}
	}
	return false, err
}

// pod looks at /var/log/pods/NAMESPACE_POD_UID/CONTAINER.
func (f Finder) pod(context.Context) (bool, error) {
	return anyHas(filepath.Join(f.root, "var/log/pods"), "", "kube-proxy")
}

// unit looks at /etc/systemd/system/TARGET.wants/SERVICE, a link.
func (f Finder) unit(context.Context) (bool, error) {
	return anyHas(filepath.Join(f.root, "etc/systemd/system"), ".wants", "kube-proxy.service")
}

// anyHas tells whether one of the folders in parent, of those with the suffix, has
// an entry of that name. It fails if there is no parent.
func anyHas(parent, suffix, name string) (bool, error) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		_, err := os.Lstat(filepath.Join(parent, e.Name(), name))
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return false, nil
}
