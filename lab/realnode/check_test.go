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
	return findings(l.look(ctx, by))
}

// look returns what check prints, and how it ended.
func (l *lab) look(ctx context.Context, by looker) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	args := []string{"check", "-o", "json", "--window=2s", "--stays=30m", "--log.level=error"}
	if by == fromNode {
		return l.node.Run(ctx, append([]string{filepath.Join(labDir, filepath.Base(l.binary))}, append(args,
			"--scope=node", "--host.node="+l.node.Name, "--kubeconfig=/etc/kubernetes/kube-proxy.kubeconfig")...)...)
	}
	return exec.CommandContext(ctx, l.binary, append(args, "--kubeconfig="+l.AdminKubeconfig(), "--kubelet.ca-file="+l.CAFile())...).Output()
}

// unsure is the exit code of a check that found nothing and could not read everything.
const unsure = 2

// findings reads what check prints, which ends with an error where it finds anything. One
// that could not tell is an error.
func findings(stdout []byte, err error) ([]finding, error) {
	exit, ended := errors.AsType[*exec.ExitError](err)
	if err != nil && (!ended || exit.ExitCode() != 1) {
		if ended {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		if ended && exit.ExitCode() == unsure {
			err = fmt.Errorf("%w; unavailable are %v", err, unavailable(stdout))
		}
		return nil, fmt.Errorf("check: %w", err)
	}
	var told struct {
		Alerts []struct{ Findings []finding }
	}
	if err := json.Unmarshal(stdout, &told); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	var all []finding
	for _, a := range told.Alerts {
		all = append(all, a.Findings...)
	}
	return all, nil
}

// unavailable is what check could not read.
func unavailable(stdout []byte) []string {
	var told struct {
		Unavailable []struct{ Kind, Name, Reason, Detail string }
	}
	_ = json.Unmarshal(stdout, &told) // or else it says so on stderr
	var all []string
	for _, u := range told.Unavailable {
		all = append(all, strings.TrimSpace(strings.Join([]string{u.Kind, u.Name, u.Reason, u.Detail}, " ")))
	}
	return all
}
