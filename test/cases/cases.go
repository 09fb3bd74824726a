// Package cases judges answers on a set of cases: dumps of clusters of which it is known
// what is wrong. Each is a folder of cases/ at the top of the project.
package cases

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

const (
	// file says what is expected, beside the dump.
	file = "case.yaml"
	dump = "dump"
)

// Case is one cluster, and what a right answer says of it.
type Case struct {
	// Name is that of the folder, and Dump the path of what was taken of the cluster.
	Name string `json:"-"`
	Dump string `json:"-"`
	// About is what is wrong, in a sentence or two.
	About string `json:"about"`
	// Seen is where such a thing was seen: an address, or "guide: " and a section of the
	// troubleshooting guide.
	Seen string `json:"seen"`
	// Healthy says that nothing is wrong, and that nothing may be found.
	Healthy bool `json:"healthy,omitempty"`
	// Says are the patterns that the text of a right answer matches, whoever gives it:
	// each names the cause, or an object of it.
	Says []Pattern `json:"says,omitempty"`
	// Never are those that it must not match.
	Never []Pattern `json:"never,omitempty"`
	// Incidents are all that kubevitals may find, in any order. Without them their
	// number is not judged.
	Incidents []Incident `json:"incidents,omitempty"`
}

// Incident is one that is expected.
type Incident struct {
	// Cause is the alert that nothing explains.
	Cause string `json:"cause"`
	// Names are of objects that the incident must name.
	Names []string `json:"names,omitempty"`
}

// Pattern is a regular expression of Go, which may match anywhere.
type Pattern struct{ *regexp.Regexp }

// UnmarshalText compiles a pattern.
func (p *Pattern) UnmarshalText(text []byte) error {
	compiled, err := regexp.Compile(string(text))
	if err != nil {
		return err
	}
	p.Regexp = compiled
	return nil
}

// MarshalText is the pattern as it was written.
func (p Pattern) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Load reads the cases of a folder, in the order of their names. Its error names each file
// that is none, and what of it.
func Load(folder string) ([]Case, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("cases: %w", err)
	}
	var all []Case
	var failed []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		c, err := Read(filepath.Join(folder, e.Name()))
		if err != nil {
			failed = append(failed, err)
			continue
		}
		all = append(all, c)
	}
	if len(all)+len(failed) == 0 {
		failed = append(failed, fmt.Errorf("cases: %s has no case", folder))
	}
	return all, errors.Join(failed...)
}

// Read reads the case of one folder. Its error names the file and the field.
func Read(folder string) (Case, error) {
	path := filepath.Join(folder, file)
	c := Case{Name: filepath.Base(folder), Dump: filepath.Join(folder, dump)}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("case %s: %w", c.Name, err)
	}
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := os.Stat(c.Dump); errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("%s: there is no dump beside it, in %s", path, c.Dump)
	}
	if wrong := c.wrong(); wrong != "" {
		return c, fmt.Errorf("%s: %s", path, wrong)
	}
	return c, nil
}

// wrong says which field contradicts the others, or is missing.
func (c *Case) wrong() string {
	seen := strings.HasPrefix(c.Seen, "https://") || strings.HasPrefix(c.Seen, "guide: ")
	switch {
	case strings.TrimSpace(c.About) == "":
		return "about: say in a sentence what is wrong"
	case !seen:
		return `seen: give the address where such a thing was seen, or "guide: SECTION"`
	case c.Healthy && len(c.Says)+len(c.Incidents) > 0:
		return "healthy: then nothing is found, and says and incidents do not go with it"
	case !c.Healthy && len(c.Says) == 0:
		return "says: give the words that an answer must have, or healthy: true"
	case slices.ContainsFunc(c.Incidents, func(i Incident) bool { return i.Cause == "" }):
		return "incidents: each has a cause, which is the name of an alert"
	}
	return ""
}
