package cluster

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// files are the keys, certificates and kubeconfigs of a cluster.
type files struct {
	dir, server                                 string
	addresses                                   []net.IP
	ca, kubelets                                *authority
	caFile, kubeletCA, frontProxyCA             string
	anyKubeletCA                                string // of hollow and of real ones
	serving, kubeletClient, frontProxy, signing pair
	admin, controllerManager, scheduler         string // kubeconfigs
}

// writeFiles makes them; the API server serves at the URL and at the addresses.
func writeFiles(dir, server string, addresses ...net.IP) (files, error) {
	f := files{dir: dir, server: server}
	steps := []func() error{
		func() (err error) { f.ca, err = newAuthority(dir, "ca"); return },
		func() (err error) { f.kubelets, err = newAuthority(dir, "kubelet-ca"); return },
		func() error { return f.writeServing(addresses) },
		f.writeAnyKubeletCA,
		func() (err error) { f.signing, err = signingKey(dir); return },
		func() (err error) {
			f.admin, err = f.kubeconfig("admin", "kubernetes-admin", "system:masters")
			return
		},
		func() (err error) {
			f.controllerManager, err = f.kubeconfig("controller-manager", "system:kube-controller-manager")
			return
		},
		func() (err error) { f.scheduler, err = f.kubeconfig("scheduler", "system:kube-scheduler"); return },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return f, fmt.Errorf("keys and certificates: %w", err)
		}
	}
	f.caFile, f.kubeletCA = f.ca.file, f.kubelets.file
	return f, nil
}

// writeServing makes what the API server shows to its clients, to kubelets and
// to aggregated API servers.
func (f *files) writeServing(addresses []net.IP) (err error) {
	f.addresses = addresses
	if err := f.writeServingCertificate(nil); err != nil {
		return err
	}
	if f.kubeletClient, err = f.ca.client("apiserver-kubelet-client", "kube-apiserver-kubelet-client", "system:masters"); err != nil {
		return err
	}
	proxy, err := newAuthority(f.dir, "front-proxy-ca")
	if err != nil {
		return err
	}
	f.frontProxyCA = proxy.file
	f.frontProxy, err = proxy.client("front-proxy-client", "front-proxy-client")
	return err
}

func (f *files) writeServingCertificate(spoil func(*x509.Certificate)) (err error) {
	template := serverTemplate("apiserver", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
	template.IPAddresses = append(template.IPAddresses, f.addresses...)
	if spoil != nil {
		spoil(template)
	}
	f.serving, err = f.ca.issue("apiserver", template)
	return err
}

// writeAnyKubeletCA writes both authorities by which the API server knows kubelets:
// the one that users are told of for hollow ones, and the cluster's for real ones.
func (f *files) writeAnyKubeletCA() error {
	var both []byte
	for _, a := range []*authority{f.ca, f.kubelets} {
		text, err := os.ReadFile(a.file)
		if err != nil {
			return err
		}
		both = append(both, text...)
	}
	f.anyKubeletCA = filepath.Join(f.dir, "any-kubelet-ca.crt")
	return os.WriteFile(f.anyKubeletCA, both, 0o600)
}

// kubeconfig writes the kubeconfig of a user with a client certificate.
func (f *files) kubeconfig(name, user string, groups ...string) (string, error) {
	return f.kubeconfigOf(f.server, name, user, groups...)
}

// kubeconfigOf writes one that leads to a server.
func (f *files) kubeconfigOf(server, name, user string, groups ...string) (string, error) {
	p, err := f.ca.client("user-"+name, user, groups...)
	if err != nil {
		return "", err
	}
	return f.writeKubeconfigOf(name, server, &clientcmdapi.AuthInfo{ClientCertificate: p.cert, ClientKey: p.key})
}

func (f *files) writeKubeconfig(name string, user *clientcmdapi.AuthInfo) (string, error) {
	return f.writeKubeconfigOf(name, f.server, user)
}

// writeKubeconfigOf writes one that leads to a server.
func (f *files) writeKubeconfigOf(name, server string, user *clientcmdapi.AuthInfo) (string, error) {
	config := clientcmdapi.NewConfig()
	config.Clusters["lab"] = &clientcmdapi.Cluster{Server: server, CertificateAuthority: f.ca.file}
	config.AuthInfos[name] = user
	config.Contexts["lab"] = &clientcmdapi.Context{Cluster: "lab", AuthInfo: name}
	config.CurrentContext = "lab"
	file := filepath.Join(f.dir, name+".kubeconfig")
	return file, clientcmd.WriteToFile(*config, file)
}
