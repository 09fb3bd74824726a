package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

// manual is a manual page that is being written, in the man macros of roff.
type manual struct{ strings.Builder }

// runMan prints the manual page. It is not the one of kingpin, whose first line breaks
// where the version has several lines, and which does not escape what roff means.
func (c *command) runMan() error {
	model := c.app.Model()
	m := &manual{}
	m.line(`.TH KUBEVITALS 1 "" "kubevitals %s" "User Commands"`, roff(version.Version))
	// Words are neither parted nor moved apart: most are names.
	m.line(".nh")
	m.line(".ad l")
	m.line(".SH NAME")
	m.line(`kubevitals \- name the cause of a Kubernetes cluster's illness`)
	m.line(".SH SYNOPSIS")
	m.line(`.B kubevitals`)
	m.line(`[\fIcommand\fR] [\fIflags\fR]`)
	m.line(".SH DESCRIPTION")
	m.text(model.Help)
	m.line(".SH COMMANDS")
	for _, cmd := range model.Commands {
		m.command(cmd)
	}
	m.line(".SH OPTIONS")
	m.flags(model.Flags)
	m.line(".SH SEE ALSO")
	m.line(".BR kubectl (1)")
	_, err := fmt.Fprint(c.stdout, m.String())
	return err
}

// line writes a line; writing into memory does not fail.
func (m *manual) line(format string, args ...any) { _, _ = fmt.Fprintf(m, format+"\n", args...) }

func (m *manual) command(cmd *kingpin.CmdModel) {
	synopsis := `\fB` + roff("kubevitals "+cmd.FullCommand) + `\fR`
	for _, a := range cmd.Args {
		synopsis += ` \fI` + roff(strings.ToUpper(a.Name)) + `\fR`
	}
	m.line(".SS %s", synopsis)
	m.text(cmd.Help)
	for _, a := range cmd.Args {
		m.line(".TP")
		m.line(`\fI%s\fR`, roff(strings.ToUpper(a.Name)))
		m.text(a.Help)
	}
	m.flags(cmd.Flags)
}

func (m *manual) flags(flags []*kingpin.FlagModel) {
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		name := "--" + f.Name
		if f.Short != 0 {
			name = "-" + string(f.Short) + ", " + name
		}
		value := ""
		if !f.IsBoolFlag() {
			value = `=\fI` + roff(f.FormatPlaceHolder()) + `\fR`
		}
		m.line(".TP")
		m.line(`\fB%s\fR%s`, roff(name), value)
		m.text(f.HelpWithEnvar())
	}
}

// text writes prose. Lines that are indented are examples, which stay as they are.
func (m *manual) text(text string) {
	example := false
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line == "" {
			if !example {
				m.line(".sp")
			}
			continue
		}
		switch indented := strings.HasPrefix(line, "  "); {
		case indented && !example:
			m.line(".nf")
			example = true
		case !indented && example:
			m.line(".fi")
			m.line(".sp")
			example = false
		}
		m.line("%s", roff(line))
	}
	if example {
		m.line(".fi")
	}
}

// roff escapes what roff would not print as it stands: its escapes, hyphens, which are
// to be copied as ASCII, and at the start of a line what it takes for a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\"", `\(dq`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
