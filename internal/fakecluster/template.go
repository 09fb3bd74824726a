package fakecluster

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/template"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const templateSuffix = ".tmpl"

// loader reads one Spec.
type loader struct {
	fsys  fs.FS
	shift time.Duration
	// templates are all templates of the Spec under their paths, so that one
	// may include another.
	templates *template.Template
}

// Grown is a number that grows with the time that the cluster is served.
func (r Request) Grown(base, perMinute int) int {
	return base + int(r.Uptime.Minutes()*float64(perMinute))
}

// Ago is the moment that long ago, in RFC 3339 form.
func (r Request) Ago(duration string) (string, error) {
	d, err := time.ParseDuration(duration)
	return r.Now.Add(-d).UTC().Format(time.RFC3339), err
}

// UnixAgo is the moment that long ago, in seconds since 1970.
func (r Request) UnixAgo(duration string) (int64, error) {
	d, err := time.ParseDuration(duration)
	return r.Now.Add(-d).Unix(), err
}

func (l *loader) parseTemplates() error {
	l.templates = template.New("").Funcs(template.FuncMap{"words": strings.Fields})
	return fs.WalkDir(l.fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, templateSuffix) {
			return err
		}
		raw, err := fs.ReadFile(l.fsys, name)
		if err != nil {
			return err
		}
		if _, err := l.templates.New(name).Parse(string(raw)); err != nil {
			return fmt.Errorf("template %s: %w", name, err)
		}
		return nil
	})
}

// rendered is the content of a file with objects.
func (l *loader) rendered(name string) ([]byte, error) {
	if !strings.HasSuffix(name, templateSuffix) {
		return fs.ReadFile(l.fsys, name)
	}
	var out bytes.Buffer
	if err := l.templates.ExecuteTemplate(&out, name, nil); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// body returns the body in the folder of a server or node, or else in the
// default folder; nil when there is neither.
func (l *loader) body(kind, name, file string) (Body, error) {
	found := l.exists(kind, name, file)
	if found == "" {
		found = l.exists(kind, "default", file)
	}
	switch {
	case found == "":
		return nil, nil
	case strings.HasSuffix(found, templateSuffix):
		templates := l.templates
		return func(w io.Writer, r Request) error {
			return templates.ExecuteTemplate(w, found, r)
		}, nil
	}
	raw, err := fs.ReadFile(l.fsys, found)
	if err != nil {
		return nil, fmt.Errorf("read a body: %w", err)
	}
	return Bytes(raw), nil
}

// kubelets returns the kubelets of all nodes among the objects.
func (l *loader) kubelets(objects []runtime.Object, settings map[string]setting) (map[string]Kubelet, error) {
	all := map[string]Kubelet{}
	for _, obj := range objects {
		node, ok := obj.(*corev1.Node)
		if !ok {
			continue
		}
		k := Kubelet{Fault: settings[node.Name].Fault}
		for file, body := range map[string]*Body{
			"metrics.prom": &k.Metrics, "summary.json": &k.Summary, "configz.json": &k.Configz,
		} {
			b, err := l.body("kubelets", node.Name, file)
			if err != nil {
				return nil, err
			}
			*body = b
		}
		all[node.Name] = k
	}
	for name := range settings {
		if _, ok := all[name]; !ok {
			return nil, fmt.Errorf("cluster.yaml: kubelet of %s: no such node", name)
		}
	}
	return all, nil
}
