// Command ruleslice makes rule tests cheap: it writes each test of promtool's format
// anew, beside only those rules that can change what the test asserts. promtool
// evaluates all rules of a test's files at each step, and a test asserts some three of
// hundreds.
//
//	go run ./test/ruleslice -to=FOLDER mixin/tests/*.yaml
//	promtool test rules FOLDER/*.yaml
//
// With -derive it writes what follows from each test instead: see derive.go. Those are
// with all rules, for what evaluates few of them by itself:
//
//	go run ./test/ruleslice -derive -list=mixin/derived-tests.yaml -causes=mixin/generated/causes.json -limits=mixin/limits.yaml -selected=mixin/testdata/selected.yaml -variants=mixin/variants.yaml -to=FOLDER mixin/tests/*.yaml
//	mutate -check -tests='FOLDER/*.yaml'
//	mutate -check -tests='FOLDER/unselected/*.yaml'
//	mutate -check -fail -tests='FOLDER/listed/*.yaml'
//
// The folder must not exist or be empty. What is asserted stays as it is, and so do the
// names of tests, by which promtool tells of failures. It exits with 1 and says which
// file is wrong where one cannot be read.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// slicer writes tests anew.
type slicer struct {
	to   string
	read map[string]*ruleset // most tests name the same rules
	// derive, if set, makes what follows from tests.
	derive *derivation
}

func main() {
	to := flag.String("to", "", "folder to write to")
	derive := flag.Bool("derive", false, "write what follows from the tests, uncut")
	list := flag.String("list", "", "with -derive, file that says what tests can't; what does not hold by it is written to the folder listed in the other")
	causes := flag.String("causes", "", "with -derive, file with the graph of causes")
	limits := flag.String("limits", "", "with -derive, file that says from which values on alerts fire")
	selected := flag.String("selected", "", "with -derive, file that says what alerts select of metrics")
	cases := flag.String("variants", "", "with -derive, file that says of alerts which other series let them fire or be silent")
	flag.Parse()
	if *to == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "ruleslice: say where to write to, -to=FOLDER, and name the files of tests")
		os.Exit(1)
	}
	if err := run(*to, *derive, known{*list, *causes, *limits, *selected, *cases}, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "ruleslice: %v\n", err)
		os.Exit(1)
	}
}

// known are the files that say what tests can't, or nothing.
type known struct{ list, causes, limits, selected, variants string }

func run(to string, derive bool, of known, files []string) error {
	if left, err := os.ReadDir(to); err == nil && len(left) > 0 {
		return fmt.Errorf("%s is not empty: remove what is there", to)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	s := &slicer{to: to, read: map[string]*ruleset{}}
	if derive {
		var err error
		if s.derive, err = newDerivation(of); err != nil {
			return err
		}
	}
	for _, file := range files {
		if err := s.write(file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if derive {
		return errors.Join(s.derive.unused(), s.derive.unreached(), s.derive.unvaried())
	}
	return nil
}

// write writes a file of tests anew.
func (s *slicer) write(file string) error {
	var all map[string]any
	if err := readYAML(file, &all); err != nil {
		return err
	}
	rules, err := s.rulesOf(file, all["rule_files"])
	if err != nil {
		return err
	}
	tests, _ := all["tests"].([]any)
	if len(tests) == 0 {
		return errors.New("no tests")
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	if s.derive == nil {
		return cut(filepath.Join(s.to, name), all, rules, tests)
	}
	made, err := s.derive.of(tests, rules)
	if err != nil {
		return err
	}
	for folder, some := range map[string][]any{s.to: made.holds, filepath.Join(s.to, "unselected"): made.unselected, filepath.Join(s.to, "listed"): made.listed} {
		if err := uncut(folder, file, all, some); err != nil {
			return err
		}
	}
	return nil
}

// uncut writes tests with the rules of a file, of the same name.
func uncut(folder, file string, all map[string]any, tests []any) error {
	if len(tests) == 0 {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	all = maps.Clone(all)
	var rules []string
	names, _ := all["rule_files"].([]any)
	for _, name := range names {
		path, err := filepath.Abs(filepath.Join(filepath.Dir(file), fmt.Sprint(name)))
		if err != nil {
			return err
		}
		rules = append(rules, path)
	}
	all["rule_files"], all["tests"] = rules, tests
	return writeJSON(filepath.Join(folder, filepath.Base(file)), all)
}

func (s *slicer) rulesOf(file string, names any) (*ruleset, error) {
	from := fmt.Sprint(filepath.Dir(file), names)
	if s.read[from] == nil {
		rules, err := readRules(filepath.Dir(file), names)
		if err != nil {
			return nil, err
		}
		s.read[from] = rules
	}
	return s.read[from], nil
}

// cut writes a file of tests as one for each set of rules that tests of it need.
func cut(prefix string, file map[string]any, rules *ruleset, tests []any) error {
	together, groups, order := map[string][]any{}, map[string][]string{}, []string{}
	for _, test := range tests {
		needed, names, err := rules.neededBy(test)
		if err != nil {
			return err
		}
		if together[needed] == nil {
			order = append(order, needed)
		}
		together[needed], groups[needed] = append(together[needed], test), names
	}
	all := maps.Clone(file)
	_, isOrdered := all["group_eval_order"]
	for i, needed := range order {
		slice := fmt.Sprintf("%s-%02d", prefix, i+1)
		if err := os.WriteFile(slice+".rules", []byte(needed), 0o644); err != nil {
			return err
		}
		if !isOrdered {
			// promtool evaluates groups in any order, each time in another.
			all["group_eval_order"] = groups[needed]
		}
		all["rule_files"], all["tests"] = []string{filepath.Base(slice) + ".rules"}, together[needed]
		if err := writeJSON(slice+".yaml", all); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(file string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

func readYAML(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(text, into)
}
