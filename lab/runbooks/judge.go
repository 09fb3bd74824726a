package runbooks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Excuse is a command that cannot succeed in the lab though nothing is wrong with
// it, and what it must say then.
type Excuse struct {
	// Command matches the text of the statement.
	Command string `json:"command"`
	// Says matches all that it writes to stderr.
	Says string `json:"says"`
	// Why says why it cannot succeed.
	Why string `json:"why"`
}

func (e Excuse) holds(r Result) (bool, error) {
	command, err := regexp.Compile(e.Command)
	if err != nil {
		return false, fmt.Errorf("excuse %q: %w", e.Command, err)
	}
	says, err := regexp.Compile(e.Says)
	if err != nil {
		return false, fmt.Errorf("excuse %q: %w", e.Says, err)
	}
	return command.MatchString(r.Text) && says.MatchString(strings.TrimSpace(r.Stderr)), nil
}

// nothing is what kubectl says of an empty list, which is an answer.
var nothing = regexp.MustCompile(`(?m)^No (resources|events) found.*\n?`)

// vanished is what programs say of processes and cgroups that ended while they
// looked.
var vanished = regexp.MustCompile(`(?m)^.*/(proc/[0-9]+|sys/fs/cgroup)\b.*: (No such file or directory|No such process|No such device)\n?`)

// unfilled is a placeholder.
var unfilled = regexp.MustCompile(`'<[\pL\pN_ -]+>'`)

// Fault says what is wrong with how a statement ended, or nothing.
func (r Result) Fault() string {
	if r.Class != Runs && r.Checked == 0 {
		return ""
	}
	if r.Status < 0 {
		return "the shell ended before it did: " + r.Stderr
	}
	if p := unfilled.FindString(r.Text); p != "" {
		return "the test has no value for " + p
	}
	// Its author reckons with failures.
	guarded := strings.Contains(r.Text, "||") || strings.Contains(r.Text, "&&") || strings.Contains(r.Text, "2>/dev/null")
	excused := false
	for _, c := range r.Calls {
		switch fault := c.fault(); {
		case fault == "":
		case guarded && r.Status == 0 && !strict(c):
			excused = true
		default:
			return fault
		}
		if c.answersNo() || c.raced() {
			excused = true
		}
	}
	if said := strings.TrimSpace(vanished.ReplaceAllString(nothing.ReplaceAllString(r.Stderr, ""), "")); said != "" {
		return "it says " + said
	}
	if r.Status != 0 && !excused {
		return fmt.Sprintf("it ends with %d", r.Status)
	}
	return ""
}

// strict is whether a program must succeed wherever it is called.
func strict(c Call) bool { return slices.Contains([]string{"kubectl", "jq", "openssl"}, c.Args[0]) }

// brokenPipe is the status of a program whose reader has seen enough.
const brokenPipe = 128 + 13

// answersNo is whether a status other than 0 is an answer.
func (c Call) answersNo() bool {
	return c.Status == 1 && slices.Contains([]string{"grep", "diff"}, c.Args[0])
}

// raced is whether a program failed for nothing but what ended meanwhile.
func (c Call) raced() bool {
	return vanished.MatchString(c.Stderr) && strings.TrimSpace(vanished.ReplaceAllString(c.Stderr, "")) == ""
}

func (c Call) fault() string {
	all := strings.Join(c.Args, " ")
	switch {
	case c.Status == 124:
		return fmt.Sprintf("%s does not end", all)
	case c.Status != 0 && c.Status != brokenPipe && !c.answersNo() && !c.raced():
		return fmt.Sprintf("%s ends with %d: %s", all, c.Status, c.Stderr)
	case c.Args[0] == "kubectl" && slices.Contains(c.Args, "-l") && nothing.MatchString(c.Stderr):
		return all + " selects nothing"
	}
	return ""
}

// Report is what came of all runbooks.
type Report struct {
	// Parsed are all statements; Run those that ended well; Excused those that may
	// fail.
	Parsed, Run, Excused int
	// Kubectl are the calls of kubectl in what was run, and Checked those in what was
	// not.
	Kubectl, Checked int
	NotRun           map[Class]int
	Faults           []string
}

// Judge goes through the results. Each excuse must be needed.
func Judge(results []Result, excuses []Excuse) (Report, error) {
	report, needed := Report{NotRun: map[Class]int{}}, make([]bool, len(excuses))
	for _, r := range results {
		if r.Section != prose {
			report.Parsed++
		}
		report.Checked += r.Checked
		for _, c := range r.Calls {
			if r.Class == Runs && c.Args[0] == "kubectl" {
				report.Kubectl++
			}
		}
		fault, excuse := r.Fault(), -1
		for i, e := range excuses {
			holds, err := e.holds(r)
			if err != nil {
				return report, err
			}
			if holds && fault != "" {
				excuse, needed[i] = i, true
			}
		}
		switch {
		case r.Class == Unknown:
			report.Faults = append(report.Faults, fmt.Sprintf("%s: it is not known whether this only reads", r.Statement))
		case fault != "" && excuse >= 0:
			report.Excused++
		case fault != "":
			report.Faults = append(report.Faults, fmt.Sprintf("%s: %s", r.Statement, fault))
		case r.Class == Runs:
			report.Run++
		case r.Section != prose:
			report.NotRun[r.Class]++
		}
	}
	for i, e := range excuses {
		if !needed[i] {
			report.Faults = append(report.Faults, fmt.Sprintf("the excuse %q is needed by nothing; remove it", e.Command))
		}
	}
	return report, nil
}
