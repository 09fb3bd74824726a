//go:build linux

package realnode

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
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

// check looks at the cluster from outside, as if everything had been as it is for a
// while, and returns what it finds.
func (l *lab) check(ctx context.Context) ([]finding, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, l.binary, "check", "-o", "json", "--window=2s", "--stays=30m",
		"--kubeconfig="+l.AdminKubeconfig(), "--kubelet.ca-file="+l.CAFile(), "--log.level=error")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var told struct {
		Alerts []struct{ Findings []finding }
	}
	if decoding := json.Unmarshal(stdout.Bytes(), &told); decoding != nil {
		return nil, fmt.Errorf("check: %w: %w: %s", err, decoding, stderr.String())
	}
	var all []finding
	for _, a := range told.Alerts {
		all = append(all, a.Findings...)
	}
	return all, nil
}
