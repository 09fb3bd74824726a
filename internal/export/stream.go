package export

import (
	"bytes"
	"fmt"
	"path"

	"sigs.k8s.io/yaml"
)

// Stream makes one text of the files of a kind, for a pipe: rules as they are, inhibit
// rules as a part of Alertmanager's own configuration,
// dashboards as JSON one after the other, and the objects that kustomize would make
// of the manifests' starter as documents of YAML. Runbooks have no such form.
func Stream(kind Kind, files []File) ([]byte, error) {
	switch kind {
	case Alerts, Rules, Dashboards:
		var b bytes.Buffer
		for _, f := range files {
			b.Write(line(f.Data))
		}
		return b.Bytes(), nil
	case InhibitRules:
		return line(files[0].Data), nil
	case Manifests:
		r := renderer{files: map[string][]byte{}}
		for _, f := range files {
			r.files[f.Path] = f.Data
		}
		err := r.folder(".")
		return r.out.Bytes(), err
	}
	return nil, fmt.Errorf("%d files cannot be printed as one text; say where to write them with --out=DIR", len(files))
}

// line ends a text with a line break if it has none.
func line(text []byte) []byte {
	if bytes.HasSuffix(text, []byte("\n")) {
		return text
	}
	return append(bytes.Clone(text), '\n')
}

// kustomization is the part of kustomize's own format that the starter and what it
// names need. Whatever else one of them holds is an error, not left out.
type kustomization struct {
	APIVersion, Kind      string
	Resources, Components []string
	ConfigMapGenerator    []configMap
}

type configMap struct {
	Name, Namespace string
	Files           []string
	Options         struct {
		DisableNameSuffixHash bool
		Labels                map[string]string
	}
}

// renderer collects the objects of kustomizations.
type renderer struct {
	files map[string][]byte
	out   bytes.Buffer
}

func (r *renderer) folder(name string) error {
	file := path.Join(name, starter)
	text, ok := r.files[file]
	if !ok {
		return fmt.Errorf("%s: not among the manifests", file)
	}
	var k kustomization
	if err := yaml.UnmarshalStrict(text, &k); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, resource := range append(k.Resources, k.Components...) {
		if err := r.resource(path.Join(name, resource)); err != nil {
			return err
		}
	}
	for _, c := range k.ConfigMapGenerator {
		if err := r.configMap(name, c); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func (r *renderer) resource(name string) error {
	text, ok := r.files[name]
	if !ok {
		return r.folder(name)
	}
	for _, document := range documents(text) {
		r.document(document)
	}
	return nil
}

func (r *renderer) document(text []byte) {
	if r.out.Len() > 0 {
		r.out.WriteString("---\n")
	}
	r.out.Write(line(text))
}

func (r *renderer) configMap(folder string, c configMap) error {
	if !c.Options.DisableNameSuffixHash {
		return fmt.Errorf("%s: a name with a hash is not supported", c.Name)
	}
	data := map[string]string{}
	for _, name := range c.Files {
		text, ok := r.files[path.Join(folder, name)]
		if !ok {
			return fmt.Errorf("%s is not among the manifests", name)
		}
		data[name] = string(text)
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "data": data,
		"metadata": map[string]any{"name": c.Name, "namespace": c.Namespace, "labels": c.Options.Labels},
	})
	if err != nil {
		return err
	}
	r.document(text)
	return nil
}
