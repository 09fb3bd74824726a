package main

import (
	"bytes"
	"crypto/md5" //nolint:gosec // what dashboards.libsonnet makes uids with
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// Where the failure modes are listed, in the same order.
const (
	catalogue = "collectors/catalogue.go"
	signals   = "mixin/signals.libsonnet"
)

//go:embed templates
var templates embed.FS

// mode is what the templates say of a failure mode.
type mode struct {
	// Name is stuck_jobs, Go StuckJobs and Var stuckJobs.
	Name, Go, Var string
	// Area is the dashboard, DashboardUID its uid, and Alert the name of its alert.
	Area, DashboardUID, Alert string
}

func newMode(name, area string) mode {
	m := mode{Name: name, Area: area}
	m.DashboardUID = fmt.Sprintf("%x", md5.Sum([]byte("kubevitals-"+area))) //nolint:gosec // as above
	for i, part := range strings.Split(name, "_") {
		word := strings.ToUpper(part[:1]) + part[1:]
		if slices.Contains([]string{"api", "cni", "cpu", "cri", "dns", "oom", "pid", "tls"}, part) {
			word = strings.ToUpper(part)
		}
		m.Go += word
		if i == 0 {
			word = part
		}
		m.Var += word
	}
	m.Alert = "KubeVitals" + m.Go
	return m
}

// outputs are the files of a failure mode, by the template that makes them.
func (m mode) outputs() map[string]string {
	return map[string]string{
		"collector.go.tmpl":      "collectors/" + m.Name + ".go",
		"collector_test.go.tmpl": "collectors/" + m.Name + "_test.go",
		"signal.libsonnet.tmpl":  "mixin/signals/" + m.Name + ".libsonnet",
		"rules.yaml.tmpl":        "mixin/tests/" + m.Name + ".yaml",
		"runbook.md.tmpl":        "mixin/runbooks/" + m.Alert + ".md",
		"runbook.zh-TW.md.tmpl":  "mixin/runbooks/zh-TW/" + m.Alert + ".md",

		"description.zh-TW.yaml.tmpl": "mixin/signals/zh-TW/" + m.Name + ".yaml",
	}
}

var validName = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// scaffold writes the files of a failure mode and adds it to both lists. It returns
// the paths of the new files, sorted. It writes nothing when one is there already.
func scaffold(root, name, area string) ([]string, error) {
	if !validName.MatchString(name) {
		return nil, fmt.Errorf("NAME=%q is not of the form stuck_jobs", name)
	}
	if _, err := os.Stat(filepath.Join(root, "dashboards/generated/kubevitals-"+area+".json")); err != nil {
		return nil, fmt.Errorf("AREA=%q is no dashboard: %w", area, err)
	}
	m := newMode(name, area)
	texts, err := m.render(root)
	if err != nil {
		return nil, err
	}
	listed, err := m.list(root)
	if err != nil {
		return nil, err
	}
	for file, text := range listed {
		if err := os.WriteFile(filepath.Join(root, file), text, 0o644); err != nil { //nolint:gosec // a source file
			return nil, err
		}
	}
	var written []string
	for file, text := range texts {
		if err := os.WriteFile(filepath.Join(root, file), text, 0o644); err != nil { //nolint:gosec // a source file
			return nil, err
		}
		written = append(written, file)
	}
	slices.Sort(written)
	return written, nil
}

// render returns the new files by path.
func (m mode) render(root string) (map[string][]byte, error) {
	// Brackets, because runbooks and rules are full of braces.
	parsed, err := template.New("").Delims("[[", "]]").ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	for from, file := range m.outputs() {
		if _, err := os.Stat(filepath.Join(root, file)); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is there already", file)
		}
		var b bytes.Buffer
		if err := parsed.ExecuteTemplate(&b, from, m); err != nil {
			return nil, err
		}
		texts[file] = b.Bytes()
	}
	return texts, nil
}

// list returns both lists with one line more, at the end; kubevitals itself stays
// the last signal.
func (m mode) list(root string) (map[string][]byte, error) {
	listed := map[string][]byte{}
	for file, line := range map[string]struct{ before, text string }{
		catalogue: {"\t}\n}\n", "\t\t" + m.Go + "(),\n"},
		signals:   {"    import 'signals/exporter.libsonnet',\n", "    import 'signals/" + m.Name + ".libsonnet',\n"},
	} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return nil, err
		}
		if n := bytes.Count(text, []byte(line.before)); n != 1 {
			return nil, fmt.Errorf("%s: the end of the list is there %d times", file, n)
		}
		listed[file] = bytes.Replace(text, []byte(line.before), []byte(line.text+line.before), 1)
	}
	return listed, nil
}
