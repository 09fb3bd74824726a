// Command ruleslice makes rule tests cheap: it writes each test of promtool's format
// anew, beside only those rules that can change what the test asserts. promtool
// evaluates all rules of a test's files at each step, and a test asserts some three of
// hundreds.
//
//	go run ./test/ruleslice -to=FOLDER mixin/tests/*.yaml
//	promtool test rules FOLDER/*.yaml
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
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	to := flag.String("to", "", "folder to write to")
	flag.Parse()
	if *to == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "ruleslice: say where to write to, -to=FOLDER, and name the files of tests")
		os.Exit(1)
	}
	if err := run(*to, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "ruleslice: %v\n", err)
		os.Exit(1)
	}
}

func run(to string, files []string) error {
	if left, err := os.ReadDir(to); err == nil && len(left) > 0 {
		return fmt.Errorf("%s is not empty: remove what is there", to)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	read := map[string]*ruleset{} // most tests name the same rules
	for _, file := range files {
		if err := write(to, file, read); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// write cuts a file of tests into one for each set of rules that tests of it need.
func write(to, file string, read map[string]*ruleset) error {
	var all map[string]any
	if err := readYAML(file, &all); err != nil {
		return err
	}
	from := fmt.Sprint(filepath.Dir(file), all["rule_files"])
	rules := read[from]
	if rules == nil {
		var err error
		if rules, err = readRules(filepath.Dir(file), all["rule_files"]); err != nil {
			return err
		}
		read[from] = rules
	}
	tests, _ := all["tests"].([]any)
	if len(tests) == 0 {
		return errors.New("no tests")
	}
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
	_, isOrdered := all["group_eval_order"]
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	for i, needed := range order {
		slice := filepath.Join(to, fmt.Sprintf("%s-%02d", name, i+1))
		if err := os.WriteFile(slice+".rules", []byte(needed), 0o644); err != nil {
			return err
		}
		if !isOrdered {
			// promtool evaluates groups in any order, each time in another.
			all["group_eval_order"] = groups[needed]
		}
		all["rule_files"], all["tests"] = []string{filepath.Base(slice) + ".rules"}, together[needed]
		text, err := json.Marshal(all)
		if err != nil {
			return err
		}
		if err := os.WriteFile(slice+".yaml", text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func readYAML(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(text, into)
}
