package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/google/go-jsonnet"

	"github.com/kubevitals/kubevitals/dashboards"
)

// generate returns the generated files by their path in the repository. Without
// settings nothing is evaluated.
func generate(settings Settings) (map[string][]byte, error) {
	if len(settings.values) == 0 {
		return generated()
	}
	return evaluate(settings.values)
}

// generated returns the generated files that are embedded.
func generated() (map[string][]byte, error) {
	names, err := fs.Glob(dashboards.Files(), "generated/*.json")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range append([]string{generatedAlerts, generatedInhibition}, prefixed("dashboards/", names)...) {
		if files[name], err = source(name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func prefixed(prefix string, names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = prefix + name
	}
	return all
}

// evaluate makes the generated files, as `make update-mixin` does, with values that
// override those of config.libsonnet.
func evaluate(values map[string]any) (map[string][]byte, error) {
	text, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	vm := machine()
	vm.StringOutput = true
	vm.TLACode("settings", string(text))
	made, err := vm.EvaluateFileMulti("mixin/generate.jsonnet")
	if err != nil {
		return nil, evaluation(err)
	}
	files := make(map[string][]byte, len(made))
	for name, content := range made {
		files[name] = []byte(content)
	}
	return files, nil
}

// Defaults returns the settings of config.libsonnet as the mixin sees them: numbers
// are float64, lists []any, and tables map[string]any.
func Defaults() (map[string]any, error) {
	text, err := machine().EvaluateAnonymousSnippet("mixin/defaults", "(import 'mixin/mixin.libsonnet')._config.kubevitals")
	if err != nil {
		return nil, evaluation(err)
	}
	var values map[string]any
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return nil, fmt.Errorf("settings of the mixin: %w", err)
	}
	return values, nil
}

func machine() *jsonnet.VM {
	vm := jsonnet.MakeVM()
	vm.Importer(&importer{found: map[string]jsonnet.Contents{}})
	return vm
}

// evaluation takes the first line of an error of jsonnet; the others are where in
// the mixin it came from.
func evaluation(err error) error {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(strings.TrimPrefix(first, "RUNTIME ERROR: "))
}

// importer imports from what is embedded. jsonnet requires the same contents, not
// equal ones, when a file is imported again.
type importer struct{ found map[string]jsonnet.Contents }

// Import implements jsonnet.Importer.
func (i *importer) Import(from, name string) (jsonnet.Contents, string, error) {
	name = path.Join(path.Dir(from), name)
	if contents, ok := i.found[name]; ok {
		return contents, name, nil
	}
	text, err := source(name)
	if err != nil {
		return jsonnet.Contents{}, "", err
	}
	i.found[name] = jsonnet.MakeContentsRaw(text)
	return i.found[name], name, nil
}
