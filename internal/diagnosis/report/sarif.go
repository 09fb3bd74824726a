package report

import (
	"io"
	"net/url"
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
)

// The parts of SARIF 2.1.0 that a result has, by the names of its properties.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		Properties  map[string]any    `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string            `json:"id"`
		ShortDescription sarifMessage      `json:"shortDescription"`
		HelpURI          string            `json:"helpUri,omitempty"`
		Default          map[string]string `json:"defaultConfiguration"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		EndTimeUTC    string              `json:"endTimeUtc"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifMessage      `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   map[string]any    `json:"properties,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifLogical struct {
		Name          string `json:"name"`
		QualifiedName string `json:"fullyQualifiedName"`
		Kind          string `json:"kind"`
	}
)

// SARIF writes a result in the Static Analysis Results Interchange Format 2.1.0: a result
// for each incident at the objects of its cause, which stand as KIND/NAME where other
// programs have files, and a notification for what could not be read. Version is that of
// the program.
func SARIF(w io.Writer, r *diagnosis.Result, version string) error {
	run := sarifRun{
		Tool:    sarifTool{Driver: sarifDriver{Name: "kubevitals", Version: version, InformationURI: "https://github.com/kubevitals/kubevitals", Rules: []sarifRule{}}},
		Results: []sarifResult{}, Properties: map[string]any{"cluster": plain(r.Cluster), "evaluated": len(r.Coverage.Evaluated)},
	}
	for _, one := range r.Incidents {
		rules := &run.Tool.Driver.Rules
		i := slices.IndexFunc(*rules, func(rule sarifRule) bool { return rule.ID == one.Cause.Alert })
		if i < 0 {
			i = len(*rules)
			*rules = append(*rules, ruleOf(r, one.Cause))
		}
		run.Results = append(run.Results, sarifOf(one, i))
	}
	done := sarifInvocation{Successful: r.Complete(), EndTimeUTC: r.At.UTC().Format(time.RFC3339)}
	groups, waiting := byReason(r.Unavailable, r.Absent)
	for _, g := range groups {
		done.Notifications = append(done.Notifications, notification("could not be read: "+words(nil).reason(g)))
	}
	if names := words(nil).names(waiting); names != "" {
		done.Notifications = append(done.Notifications, notification("without a source: "+names))
	}
	run.Invocations = []sarifInvocation{done}
	return Object(w, sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func notification(text string) sarifNotification {
	return sarifNotification{Level: "warning", Message: sarifMessage{plain(text)}}
}

// sarifLevel is the level of a severity.
func sarifLevel(severity string) string {
	switch severity {
	case "critical":
		return "error"
	case "warning":
		return "warning"
	}
	return "note"
}

func ruleOf(r *diagnosis.Result, cause incident.Member) sarifRule {
	rule := sarifRule{
		ID: cause.Alert, ShortDescription: sarifMessage{plain(cause.Finding.Summary)}, HelpURI: cause.Finding.RunbookURL,
		Default: map[string]string{"level": sarifLevel(cause.Severity)},
	}
	if i := slices.IndexFunc(r.Alerts, func(a diagnosis.FiringAlert) bool { return a.Alert == cause.Alert }); i >= 0 {
		rule.ShortDescription.Text = plain(r.Alerts[i].Summary)
	}
	return rule
}

func sarifOf(one incident.Incident, rule int) sarifResult {
	text := plain(one.Cause.Description)
	if follows := words(nil).consequences(one); follows != "" {
		text += " Likely consequences: " + plain(follows) + "."
	}
	result := sarifResult{
		RuleID: one.Cause.Alert, RuleIndex: rule, Level: sarifLevel(one.Severity), Message: sarifMessage{text},
		Locations: []sarifLocation{}, Fingerprints: map[string]string{"kubevitalsCause/v1": one.Cause.ID()},
	}
	if !one.Since.IsZero() {
		result.Properties = map[string]any{"since": one.Since.UTC().Format(time.RFC3339)}
	}
	objects := incident.ObjectsOf(one.Cause.Labels)
	if len(objects) == 0 {
		objects = []incident.Object{{Kind: "cluster", Name: one.Cause.Labels["cluster"]}}
	}
	for _, o := range objects {
		name := plain(o.Kind + "/" + o.String())
		location := sarifLocation{Logical: []sarifLogical{{Name: plain(o.Name), QualifiedName: name, Kind: "resource"}}}
		location.Physical.Artifact.URI = (&url.URL{Path: name}).EscapedPath()
		result.Locations = append(result.Locations, location)
	}
	return result
}
