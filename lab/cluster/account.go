package cluster

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// ServiceAccountKubeconfig writes a kubeconfig with a fresh token of an existing
// service account, as a pod would have it, and returns its path.
func (c *Cluster) ServiceAccountKubeconfig(ctx context.Context, namespace, name string) (string, error) {
	seconds := int64(3600)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	token, err := c.client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("token of service account %s/%s: %w", namespace, name, err)
	}
	return c.files.writeKubeconfig(namespace+"-"+name, &clientcmdapi.AuthInfo{Token: token.Status.Token})
}

// NodeFiles are what a real kubelet must hold, as PEM or as a kubeconfig with all in
// it: none names another file.
type NodeFiles struct{ Kubeconfig, ClientCA, Cert, Key []byte }

// NodeFiles issues the credentials of a node: those by which the API server knows it,
// and a serving certificate for its address that the cluster's own authority signed,
// as it signs requests of kubelets with serverTLSBootstrap.
func (c *Cluster) NodeFiles(name string, address net.IP) (NodeFiles, error) {
	kubeconfig, err := c.Kubeconfig(name, "system:node:"+name, "system:nodes")
	if err != nil {
		return NodeFiles{}, err
	}
	serving, err := c.files.ca.issue(name+"-serving", &x509.Certificate{
		Subject:     pkix.Name{CommonName: "system:node:" + name, Organization: []string{"system:nodes"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{address}, DNSNames: []string{name},
	})
	if err != nil {
		return NodeFiles{}, err
	}
	f := NodeFiles{Kubeconfig: kubeconfig}
	for file, into := range map[string]*[]byte{c.files.caFile: &f.ClientCA, serving.cert: &f.Cert, serving.key: &f.Key} {
		if *into, err = os.ReadFile(file); err != nil {
			return NodeFiles{}, fmt.Errorf("credentials of node %s: %w", name, err)
		}
	}
	return f, nil
}

// RenewClientCertificate gives a hollow kubelet another client certificate, which is valid
// for so long; it takes it within seconds.
func (c *Cluster) RenewClientCertificate(k *Kubelet, left time.Duration) error {
	_, err := c.files.ca.issue("user-"+k.Name, &x509.Certificate{
		Subject:     pkix.Name{CommonName: "system:node:" + k.Name, Organization: []string{"system:nodes"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(left),
	})
	return err
}

// Kubeconfig issues a client certificate to a user and returns a kubeconfig with all
// in it.
func (c *Cluster) Kubeconfig(name, user string, groups ...string) ([]byte, error) {
	file, err := c.files.kubeconfig(name, user, groups...)
	if err != nil {
		return nil, err
	}
	return flat(file, user)
}

// ExpiredKubeconfig is one whose client certificate ended an hour ago.
func (c *Cluster) ExpiredKubeconfig(name, user string, groups ...string) ([]byte, error) {
	p, err := c.files.ca.issue("user-"+name, &x509.Certificate{
		Subject: pkix.Name{CommonName: user, Organization: groups}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour),
	})
	if err != nil {
		return nil, err
	}
	file, err := c.files.writeKubeconfig(name, &clientcmdapi.AuthInfo{ClientCertificate: p.cert, ClientKey: p.key})
	if err != nil {
		return nil, err
	}
	return flat(file, user)
}

// flat reads a kubeconfig and takes the files into it that it names.
func flat(file, user string) ([]byte, error) {
	config, err := clientcmd.LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig of %s: %w", user, err)
	}
	if err := clientcmdapi.FlattenConfig(config); err != nil {
		return nil, fmt.Errorf("kubeconfig of %s: %w", user, err)
	}
	return clientcmd.Write(*config)
}
