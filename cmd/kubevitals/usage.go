package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/kingpin/v2"
)

// usageTemplate lists the flags of a command alone in its help: beside the hundred
// flags of the program they would not be found.
func usageTemplate() string {
	const flags = "{{if .Context.Flags -}}\n"
	const own = `{{if and .Context.SelectedCommand .Context.SelectedCommand.Flags -}}
Flags of the command (those of kubevitals --help are understood, too):
{{.Context.SelectedCommand.Flags|FlagsToTwoColumns|FormatTwoColumns}}
{{else if .Context.Flags -}}
`
	return strings.Replace(kingpin.DefaultUsageTemplate, flags, own, 1)
}

// explained names the flag whose value was refused, and what it takes: the errors of
// its parser name neither. All other errors stay as they are.
func explained(app *kingpin.Application, args []string, err error) error {
	parsed, _ := app.ParseContext(args) // fails for what err says, too
	if parsed == nil {
		return err
	}
	for _, element := range parsed.Elements {
		flag, ok := element.Clause.(*kingpin.FlagClause)
		if !ok || element.Value == nil {
			continue
		}
		model := flag.Model()
		if refused := model.Value.Set(*element.Value); refused != nil && refused.Error() == err.Error() {
			return fmt.Errorf("--%s=%s: %w", model.Name, *element.Value, wanted(refused))
		}
	}
	return err
}

// wanted says what a value must be that was refused.
func wanted(refused error) error {
	if _, ok := errors.AsType[*strconv.NumError](refused); ok {
		return errors.New("give a number")
	}
	if strings.HasPrefix(refused.Error(), "time: ") {
		return errors.New("give a duration, such as 30s, 5m or 1h")
	}
	return refused
}
