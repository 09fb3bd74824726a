package target

import (
	"errors"
	"fmt"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// restConfig reads a kubeconfig. Without its name and that of a context it takes the
// service account of this pod, and else the files where kubectl looks for one.
func restConfig(kubeconfig, kubecontext string) (*rest.Config, error) {
	if kubeconfig == "" && kubecontext == "" {
		config, err := rest.InClusterConfig()
		if err == nil {
			return config, nil
		}
		if !errors.Is(err, rest.ErrNotInCluster) {
			return nil, fmt.Errorf("service account of this pod: %w", err)
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	name := "kubeconfig"
	if kubeconfig != "" {
		// The loader ignores a missing file in places; a path that was given must exist.
		if _, err := os.Stat(kubeconfig); err != nil {
			return nil, fmt.Errorf("--kubeconfig: %w", err)
		}
		rules.ExplicitPath, name = kubeconfig, "kubeconfig "+kubeconfig
	}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: kubecontext}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err) && kubeconfig == "":
		return nil, errors.New("no cluster to watch: give --kubeconfig=FILE, run in a pod of the cluster, or try --demo")
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return config, nil
}
