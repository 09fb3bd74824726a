package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/common/version"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// connection finds out how to reach the cluster; it contacts nobody.
func (c *command) connection() (*rest.Config, error) {
	config, err := c.restConfig()
	if err != nil {
		return nil, &exitError{exitConfig, err}
	}
	config.UserAgent = "kubevitals/" + version.Version
	return config, nil
}

func (c *command) restConfig() (*rest.Config, error) {
	if c.kubeconfig == "" && c.context == "" {
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
	if c.kubeconfig != "" {
		// The loader ignores a missing file in places; a path that was given must exist.
		if _, err := os.Stat(c.kubeconfig); err != nil {
			return nil, fmt.Errorf("--kubeconfig: %w", err)
		}
		rules.ExplicitPath, name = c.kubeconfig, "kubeconfig "+c.kubeconfig
	}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: c.context}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err) && c.kubeconfig == "":
		return nil, errors.New("no cluster to watch: give --kubeconfig=FILE, run in a pod of the cluster, or try --demo")
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return config, nil
}
