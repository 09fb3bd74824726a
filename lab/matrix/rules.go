package matrix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// alert is what is known of one from the rule file.
type alert struct {
	Name          string            `json:"alert"`
	Record        string            `json:"record"`
	Expr          string            `json:"expr"`
	For           string            `json:"for"`
	KeepFiringFor string            `json:"keep_firing_for"`
	Labels        map[string]string `json:"labels"`
}

// rules are those that are shipped, with shorter times.
type rules struct {
	alerts   map[string]alert
	shipped  map[string]alert // with their own times
	settings []string         // key=value
	file     string
	planted  []string // those that look back and are short all the same
	// after is for how long alerts keep quiet after an outage that explains them.
	after time.Duration
	// inhibition is a part of the configuration of Alertmanager, and groupBy what it says
	// that alerts are to be grouped by.
	inhibition []byte
	groupBy    string
}

// patience are the settings, in seconds, that say only for how long something may take:
// what heartbeats, leaders and clocks do takes its time in the lab, too, and their settings
// stay as they are.
var patience = map[string]float64{
	"nodeNotReadySeconds": 600, "nodeStartupTaintSeconds": 600, "kubeletRestartsQuietSeconds": 900,
	"terminatingPodsSeconds": 300, "terminatingPodsFinalizerSeconds": 1800,
	"pendingUnschedulableSeconds": 900, "pendingOnNodeSeconds": 300, "pendingInitSeconds": 3600, "pendingVolumeSeconds": 600, "pendingImageSeconds": 900,
	"terminatingNamespaceSeconds": 900, "certificateRequestSeconds": 3600, "certificateRefusedSeconds": 900, "staleReadsHoldSeconds": 3600,
	"nodeNetworkUnavailableSeconds": 300, "aggregatedAPISeconds": 60, "addonNotReadySeconds": 300,
	"eventsFreshSeconds": 600, "eventsGarbageCollectionSeconds": 360,
}

// holds are alerts that stay for as long as a setting says after what they tell of.
var holds = map[string]string{"KubeVitalsEtcdWentBack": "staleReadsHoldSeconds"}

// short is what becomes of a time for which something has to last: 20 s times the root of
// its minutes. So 1 minute is 20 s, 5 are 45 s and 15 are 77 s. What waits longer than
// another still does, and none is so short that what comes first in the world, or is over
// by then, is not so here.
func short(d time.Duration) time.Duration {
	return time.Duration(math.Round(20*math.Sqrt(d.Minutes()))) * time.Second
}

// shorten has the program export its rules with settings that shorten them. What looks back
// for longer than it would then wait keeps its own time, for it would tell of what is over,
// unless it is planted: it is to fire then. More settings are key=value.
func shorten(ctx context.Context, binary, dir string, planted []string, more ...string) (*rules, error) {
	as, err := export(ctx, binary, "alerts")
	if err != nil {
		return nil, err
	}
	r := &rules{file: filepath.Join(dir, "alerts.yaml"), planted: planted, settings: slices.Clone(more)}
	if r.shipped, _, err = parseRules(as); err != nil {
		return nil, err
	}
	for name, a := range r.shipped {
		if a.looksBack() && !slices.Contains(planted, name) {
			continue
		}
		for setting, text := range map[string]string{"alertFor": a.For, "alertKeepFiringFor": a.KeepFiringFor} {
			if text == "" {
				continue
			}
			d, err := duration(text)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", setting, name, err)
			}
			r.settings = append(r.settings, fmt.Sprintf("%s.%s=%s", setting, name, short(d)))
		}
	}
	for name, seconds := range patience {
		r.settings = append(r.settings, fmt.Sprintf("%s=%g", name, short(time.Duration(seconds)*time.Second).Seconds()))
	}
	slices.Sort(r.settings)
	text, err := export(ctx, binary, "alerts", r.settings...)
	if err != nil {
		return nil, err
	}
	if r.alerts, r.after, err = parseRules(text); err != nil {
		return nil, err
	}
	if err := r.readInhibition(ctx, binary); err != nil {
		return nil, err
	}
	return r, os.WriteFile(r.file, text, 0o600)
}

// readInhibition has the program export what Alertmanager is to be told.
func (r *rules) readInhibition(ctx context.Context, binary string) error {
	text, err := export(ctx, binary, "inhibit-rules")
	if err != nil {
		return err
	}
	found := groupBy.FindSubmatch(text)
	if found == nil {
		return errors.New("the exported inhibition does not say what to group by")
	}
	r.inhibition, r.groupBy = text, string(found[1])
	return nil
}

var groupBy = regexp.MustCompile(`group_by: (\[.+\])`)

func export(ctx context.Context, binary, kind string, settings ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	args := []string{"export", kind}
	for _, s := range settings {
		args = append(args, "--set", s)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("export %s: %w: %s", kind, err, errs.String())
	}
	return out.Bytes(), nil
}

// recentOutages is what the rules record of outages that explain much.
const recentOutages = "kubevitals:alert_cause:recent"

// parseRules returns the alerts by name, and for how long they keep quiet after outages.
func parseRules(text []byte) (map[string]alert, time.Duration, error) {
	var file struct {
		Groups []struct {
			Rules []alert `json:"rules"`
		} `json:"groups"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, 0, fmt.Errorf("rules: %w", err)
	}
	all, conditions := map[string]alert{}, map[string]string{}
	after := time.Duration(0)
	for _, g := range file.Groups {
		for _, a := range g.Rules {
			switch {
			case a.Record == recentOutages:
				after = a.back()
			case a.Name == "": // what both forms of an alert go by is recorded
				conditions[a.Labels["alert"]] = a.Expr
			case a.Labels["objects"] == "": // its form for many is of the same name
				all[a.Name] = a
			}
		}
	}
	for name, expr := range conditions {
		if a, ok := all[name]; ok {
			a.Expr = expr
			all[name] = a
		}
	}
	if len(all) == 0 {
		return nil, 0, fmt.Errorf("rules: there are no alerts")
	}
	return all, after, nil
}

// duration reads one of Prometheus: 1h, 90s, 0m, 1d.
func duration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		d, err := time.ParseDuration(days + "h")
		return 24 * d, err
	}
	return time.ParseDuration(text)
}

// waits is for how long the condition of an alert must hold, shortened.
func (r *rules) waits(name string) time.Duration {
	d, _ := duration(r.alerts[name].For)
	return d
}

// looksBack tells whether the expression needs a range that is longer than what the alert
// would wait for.
func (a alert) looksBack() bool {
	waits, err := duration(a.For)
	return err == nil && waits > 0 && a.back() > short(waits)
}

var window = regexp.MustCompile(`\[(\d+[smhd])[\]:]`)

// lingers is for how long an alert may fire when its condition is over: the time that it is
// kept, and what its expression looks back at, which cannot be shortened.
func (r *rules) lingers(name string) time.Duration {
	a := r.alerts[name]
	kept, _ := duration(a.KeepFiringFor)
	held := short(time.Duration(patience[holds[name]]) * time.Second)
	return kept + held + a.back()
}

// back is the longest range of the expression.
func (a alert) back() time.Duration {
	longest := time.Duration(0)
	for _, found := range window.FindAllStringSubmatch(a.Expr, -1) {
		if d, err := duration(found[1]); err == nil {
			longest = max(longest, d)
		}
	}
	return longest
}

// grave tells whether an alert is sent to somebody.
func (r *rules) grave(name string) bool { return r.alerts[name].Labels["severity"] != "info" }

// told are the settings that readers may want to know: of the alerts there are too many.
func (r *rules) told() []string {
	return slices.DeleteFunc(slices.Clone(r.settings), func(s string) bool { return strings.Contains(s, ".") })
}
