package fakecluster

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/sources"
)

// manifest is the file cluster.yaml of a Spec.
type manifest struct {
	// Time is the moment that all timestamps are relative to.
	Time       metav1.Time        `json:"time"`
	Version    string             `json:"version"`
	APIServers []manifestServer   `json:"apiServers"`
	Kubelets   map[string]setting `json:"kubelets"`
}

type manifestServer struct {
	Name                 string          `json:"name"`
	Fault                Fault           `json:"fault"`
	CertificateExpiresIn metav1.Duration `json:"certificateExpiresIn"`
	Failing              struct {
		Livez  []string `json:"livez"`
		Readyz []string `json:"readyz"`
	} `json:"failing"`
	MaxConcurrentStreams int `json:"maxConcurrentStreams"`
}

type setting struct {
	Fault Fault `json:"fault"`
}

// Load reads a Spec from a folder:
//
//	cluster.yaml                  its time; API servers and faults
//	objects/*.yaml                Kubernetes objects, also lists, as kubectl prints them
//	apiservers/NAME/metrics.prom  what an API server answers
//	kubelets/NODE/metrics.prom, summary.json, configz.json
//
// The folder "default" stands for servers and nodes without a file of their own.
// A file whose name ends in .tmpl is a text/template: objects are rendered once,
// bodies for each request with a Request as the data. The function words splits
// a text.
//
// Timestamps in objects move by the time that has passed since the time of the
// Spec, so that everything is as old as it was then. Objects of kinds that are
// not served are ignored.
func Load(fsys fs.FS, now time.Time) (*Spec, error) {
	l := loader{fsys: fsys}
	raw, err := fs.ReadFile(fsys, "cluster.yaml")
	if err != nil {
		return nil, fmt.Errorf("read the cluster: %w", err)
	}
	var m manifest
	if err := yaml.UnmarshalStrict(raw, &m); err != nil {
		return nil, fmt.Errorf("cluster.yaml: %w", err)
	}
	if m.Time.IsZero() {
		return nil, errors.New("cluster.yaml: time is missing")
	}
	l.shift = now.Sub(m.Time.Time)
	if err := l.parseTemplates(); err != nil {
		return nil, err
	}
	s := &Spec{Version: m.Version}
	if s.Objects, err = l.objects(); err != nil {
		return nil, err
	}
	for _, a := range m.APIServers {
		body, err := l.body("apiservers", a.Name, "metrics.prom")
		if err != nil {
			return nil, err
		}
		s.APIServers = append(s.APIServers, APIServer{
			Name: a.Name, Fault: a.Fault, CertificateExpiresIn: a.CertificateExpiresIn.Duration,
			FailingLivez: a.Failing.Livez, FailingReadyz: a.Failing.Readyz,
			MaxConcurrentStreams: a.MaxConcurrentStreams, Metrics: body,
		})
	}
	kubelets, err := l.kubelets(s.Objects, m.Kubelets)
	if err != nil {
		return nil, err
	}
	s.Kubelet = func(node string) Kubelet { return kubelets[node] }
	return s, nil
}

// objects reads all files with objects.
func (l *loader) objects() ([]runtime.Object, error) {
	names, err := fs.Glob(l.fsys, "objects/*")
	if err != nil {
		return nil, fmt.Errorf("list the objects: %w", err)
	}
	var objects []runtime.Object
	for _, name := range names {
		raw, err := l.rendered(name)
		if err != nil {
			return nil, err
		}
		of, err := l.decode(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		objects = append(objects, of...)
	}
	return objects, nil
}

// decode reads the documents of one file.
func (l *loader) decode(raw []byte) ([]runtime.Object, error) {
	var objects []runtime.Object
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(raw)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &u.Object); err != nil {
			return nil, err
		}
		if len(u.Object) == 0 {
			continue
		}
		items := []unstructured.Unstructured{*u}
		if u.IsList() {
			list, err := u.ToList()
			if err != nil {
				return nil, err
			}
			items = list.Items
		}
		for _, item := range items {
			obj, err := l.object(&item)
			if err != nil {
				return nil, fmt.Errorf("%s %s/%s: %w", item.GetKind(), item.GetNamespace(), item.GetName(), err)
			}
			if obj != nil {
				objects = append(objects, obj)
			}
		}
	}
}

// object turns an object into what is served; nil if it is not.
func (l *loader) object(u *unstructured.Unstructured) (runtime.Object, error) {
	for _, r := range sources.Resources() {
		if r.GVK() != u.GroupVersionKind() {
			continue
		}
		l.move(u.Object)
		// Those of the cluster that it was read from mean nothing here.
		u.SetResourceVersion("")
		if !r.Typed() {
			return u, nil
		}
		obj, err := r.NewObject()
		if err != nil {
			return nil, err
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(u.Object, obj, true); err != nil {
			return nil, err
		}
		return obj, nil
	}
	return nil, nil
}

// move shifts all timestamps below a value.
func (l *loader) move(value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, field := range v {
			if text, ok := field.(string); ok && isTimeField(name) {
				v[name] = l.moved(text)
				continue
			}
			l.move(field)
		}
	case []any:
		for _, item := range v {
			l.move(item)
		}
	}
}

// isTimeField tells whether a field of the Kubernetes API with that name holds
// a timestamp, if it holds something that looks like one.
func isTimeField(name string) bool {
	return strings.HasSuffix(name, "Time") || strings.HasSuffix(name, "Timestamp") ||
		name == "time" || name == "startedAt" || name == "finishedAt"
}

func (l *loader) moved(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	layout := time.RFC3339
	if strings.Contains(text, ".") {
		layout = metav1.RFC3339Micro
	}
	return t.Add(l.shift).UTC().Format(layout)
}

// exists finds a file, as it is or as a template; empty when there is none.
func (l *loader) exists(parts ...string) string {
	name := path.Join(parts...)
	for _, candidate := range []string{name, name + templateSuffix} {
		if _, err := fs.Stat(l.fsys, candidate); err == nil {
			return candidate
		}
	}
	return ""
}
