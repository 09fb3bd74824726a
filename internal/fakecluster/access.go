package fakecluster

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// RESTConfig reaches the first healthy API server of the cluster, with a token
// that the kubelets take as well.
func (c *Cluster) RESTConfig() *rest.Config {
	return &rest.Config{
		Host:            "https://" + c.primary().address(),
		BearerToken:     c.token,
		TLSClientConfig: rest.TLSClientConfig{CAData: c.apiCA.PEM()},
	}
}

func (c *Cluster) primary() *apiServer {
	for _, s := range c.apiServers {
		if s.Fault == Healthy {
			return s
		}
	}
	// Start refuses a cluster without one.
	return c.apiServers[0]
}

// KubeletCA is the authority of the kubelets' certificates, in PEM form. It is
// another than that of the API servers.
func (c *Cluster) KubeletCA() []byte { return c.kubeletCA.PEM() }

// Files are what another process needs to read the cluster.
type Files struct {
	Kubeconfig, KubeletCA string
}

// WriteFiles writes them into a folder that exists.
func (c *Cluster) WriteFiles(dir string) (Files, error) {
	f := Files{Kubeconfig: filepath.Join(dir, "kubeconfig"), KubeletCA: filepath.Join(dir, "kubelet-ca.pem")}
	if err := os.WriteFile(f.KubeletCA, c.KubeletCA(), 0o600); err != nil {
		return f, fmt.Errorf("write the kubelets' authority: %w", err)
	}
	raw, err := clientcmd.Write(c.kubeconfig())
	if err != nil {
		return f, fmt.Errorf("encode the kubeconfig: %w", err)
	}
	if err := os.WriteFile(f.Kubeconfig, raw, 0o600); err != nil {
		return f, fmt.Errorf("write the kubeconfig: %w", err)
	}
	return f, nil
}

func (c *Cluster) kubeconfig() clientcmdapi.Config {
	const name = "fake"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: c.RESTConfig().Host, CertificateAuthorityData: c.apiCA.PEM()}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: c.token}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return *config
}
