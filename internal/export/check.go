package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"path"
	"regexp"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

// check returns what is wrong with files that are about to be handed out.
func check(kind Kind, files []File) error {
	if len(files) == 0 {
		return fmt.Errorf("there are no %s", kind)
	}
	uids := map[string]string{}
	for _, f := range files {
		var err error
		switch extension := path.Ext(f.Path); {
		case kind == Alerts, kind == Rules:
			err = checkRules(f.Data)
		case kind == InhibitRules:
			err = yaml.Unmarshal(f.Data, &map[string]any{})
		case kind == Chart && !strings.HasPrefix(f.Path, chartFiles):
			// Templates are no YAML before Helm filled them.
		case extension == ".json":
			err = checkDashboard(f, uids)
		case extension == ".yaml":
			err = checkManifest(f.Data)
		case len(bytes.TrimSpace(f.Data)) == 0:
			err = fmt.Errorf("is empty")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

// checkRules reads a rule file as Prometheus does.
func checkRules(text []byte) error {
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	switch {
	case len(errs) > 0:
		return oneLine(errs[0])
	case len(groups.Groups) == 0:
		return fmt.Errorf("holds no rules")
	}
	return nil
}

// oneLine returns an error whose text has no line breaks, as expressions have.
func oneLine(err error) error {
	return fmt.Errorf("%s", strings.Join(strings.Fields(err.Error()), " "))
}

// checkDashboard tells whether Grafana can load a dashboard beside those before it,
// whose files are held by uid.
func checkDashboard(f File, uids map[string]string) error {
	var dashboard struct{ UID, Title string }
	if err := json.Unmarshal(f.Data, &dashboard); err != nil {
		return err
	}
	if dashboard.UID == "" || dashboard.Title == "" {
		return fmt.Errorf("has no uid or no title")
	}
	if other, ok := uids[dashboard.UID]; ok {
		return fmt.Errorf("has the uid of %s", other)
	}
	uids[dashboard.UID] = f.Path
	return nil
}

// checkManifest tells whether every document is an object of Kubernetes.
func checkManifest(text []byte) error {
	for _, document := range documents(text) {
		var object struct {
			APIVersion, Kind string
			Spec             json.RawMessage
		}
		if err := yaml.Unmarshal(document, &object); err != nil {
			return err
		}
		if object.APIVersion == "" || object.Kind == "" {
			return fmt.Errorf("a document has no apiVersion or no kind")
		}
		if object.Kind == "PrometheusRule" {
			if err := checkRules(object.Spec); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	separator = regexp.MustCompile(`(?m)^---\s*$\n?`)
	content   = regexp.MustCompile(`(?m)^\s*[^\s#]`)
)

// documents splits a file of several documents, and leaves out those that hold
// nothing but comments.
func documents(text []byte) [][]byte {
	var all [][]byte
	for _, document := range separator.Split(string(text), -1) {
		if content.MatchString(document) {
			all = append(all, []byte(document))
		}
	}
	return all
}
