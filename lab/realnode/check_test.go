//go:build linux

package realnode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// finding is one alert with its labels, as check names it.
type finding struct {
	Alert, Description string
	Labels             map[string]string
}

// String is Alert{name=value}, without the cluster.
func (f finding) String() string {
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(f.Labels)) {
		if name != "cluster" {
			labels = append(labels, name+"="+f.Labels[name])
		}
	}
	return fmt.Sprintf("%s{%s}", f.Alert, strings.Join(labels, ","))
}

// looker is who runs kubevitals check.
type looker int

const (
	// fromOutside is a user with the rights of an administrator.
	fromOutside looker = iota
	// fromNode is the agent, which sees what only the node can see.
	fromNode
)

// check looks at the cluster, or at the node from there, as if everything had been as
// it is for a while, and returns what it finds.
func (l *lab) check(ctx context.Context, by looker) ([]finding, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	args := []string{"check", "-o", "json", "--window=2s", "--stays=30m", "--log.level=error"}
	var stdout []byte
	var err error
	if by == fromNode {
		stdout, err = l.node.Run(ctx, append([]string{filepath.Join(labDir, filepath.Base(l.binary))}, append(args,
			"--scope=node", "--host.node="+l.node.Name, "--kubeconfig=/etc/kubernetes/kube-proxy.kubeconfig")...)...)
	} else {
		cmd := exec.CommandContext(ctx, l.binary, append(args, "--kubeconfig="+l.AdminKubeconfig(), "--kubelet.ca-file="+l.CAFile())...)
		stdout, err = cmd.Output()
	}
	return findings(stdout, err)
}

// findings reads what check prints, which ends with an error where it finds anything.
func findings(stdout []byte, err error) ([]finding, error) {
	var told struct {
		Alerts []struct{ Findings []finding }
	}
	if decoding := json.Unmarshal(stdout, &told); decoding != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("check: %w: %w", errors.Join(err), decoding)
	}
	var all []finding
	for _, a := range told.Alerts {
		all = append(all, a.Findings...)
	}
	return all, nil
}
