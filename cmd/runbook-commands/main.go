// Command runbook-commands prints the commands of runbooks as JSON, with values
// in the place of their placeholders, for tests that run them.
//
//	runbook-commands -labels FILE mixin/runbooks/*.md
//
// FILE holds a JSON object of objects: by alert, the value of each placeholder;
// what stands under "" is for all alerts.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"

	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
)

// book is what is printed of a runbook.
type book struct {
	Alert    string
	Commands []runbook.Command
	// Spans are the code spans of its prose.
	Spans []string
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "runbook-commands:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("runbook-commands", flag.ContinueOnError)
	file := flags.String("labels", "", "file with the values of placeholders")
	if err := flags.Parse(args); err != nil {
		return err
	}
	labels := map[string]map[string]string{}
	if *file != "" {
		text, err := os.ReadFile(*file)
		if err != nil {
			return fmt.Errorf("values of placeholders: %w", err)
		}
		if err := json.Unmarshal(text, &labels); err != nil {
			return fmt.Errorf("%s: %w", *file, err)
		}
	}
	var all []book
	for _, path := range flags.Args() {
		b, err := load(path, labels)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, b)
	}
	if len(all) == 0 {
		return fmt.Errorf("name the files of the runbooks, such as mixin/runbooks/*.md")
	}
	return json.NewEncoder(out).Encode(all)
}

func load(path string, labels map[string]map[string]string) (book, error) {
	markdown, err := os.ReadFile(path)
	if err != nil {
		return book{}, err
	}
	parsed, err := runbook.Parse(markdown)
	if err != nil {
		return book{}, err
	}
	values := maps.Clone(labels[""])
	if values == nil {
		values = map[string]string{}
	}
	maps.Copy(values, labels[parsed.Title])
	b := book{Alert: parsed.Title}
	for _, command := range parsed.Commands() {
		command.Script = runbook.Fill(command.Script, values)
		b.Commands = append(b.Commands, command)
	}
	for _, section := range parsed.Sections {
		for _, step := range section.Steps {
			b.Spans = append(b.Spans, step.Spans...)
		}
	}
	return b, nil
}
