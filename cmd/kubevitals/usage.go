package main

import (
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
