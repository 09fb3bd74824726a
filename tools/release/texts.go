package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// heading is that of a version in the changelog, in the form of keepachangelog.com.
var heading = regexp.MustCompile(`(?m)^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$`)

// checkTexts verifies that the places that bear the version agree: the file VERSION, the
// chart, and the changelog, which tells of a release with its date, and of what is not
// released yet under "Unreleased".
func (r *release) checkTexts() error {
	text, err := os.ReadFile(filepath.Join(r.root, "VERSION"))
	if err != nil {
		return err
	}
	next := strings.TrimSpace(string(text))
	released := r.version == next
	var errs []error
	if !released && !strings.HasPrefix(r.version, next+"-") {
		errs = append(errs, fmt.Errorf("the version is to be %s, and the file VERSION says %s", r.version, next))
	}
	return errors.Join(append(errs, r.checkChart(next), r.checkChangelog(next, released))...)
}

func (r *release) checkChart(want string) error {
	text, err := os.ReadFile(filepath.Join(r.root, "deploy", "chart", "Chart.yaml"))
	if err != nil {
		return err
	}
	var chart struct {
		Version string `json:"version"`
	}
	if err := yaml.Unmarshal(text, &chart); err != nil {
		return fmt.Errorf("Chart.yaml: %w", err)
	}
	if chart.Version != want {
		return fmt.Errorf("the version of the chart is %q, and the file VERSION says %s", chart.Version, want)
	}
	return nil
}

func (r *release) checkChangelog(version string, released bool) error {
	text, err := os.ReadFile(filepath.Join(r.root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	all := heading.FindAllStringSubmatch(string(text), -1)
	if len(all) == 0 || all[0][1] != "Unreleased" {
		return errors.New(`CHANGELOG.md: its first heading is not "## [Unreleased]"`)
	}
	for _, h := range all[1:] {
		if h[2] == "" {
			return fmt.Errorf("CHANGELOG.md: version %s has no date", h[1])
		}
	}
	if released && (len(all) < 2 || all[1][1] != version) {
		return fmt.Errorf("CHANGELOG.md: the version below Unreleased is not %s, which is to be released", version)
	}
	return nil
}
