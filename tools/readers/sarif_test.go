package readers

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"testing"

	v210 "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

// TestSARIF holds what check prints against the schema of SARIF 2.1.0, which is part of the
// library: what is printed of a cluster with incidents, of one where all is
// well, and of one that cannot be read.
func TestSARIF(t *testing.T) {
	path := program(t)
	for name, test := range map[string]struct {
		args []string
		code int
		some bool
	}{
		"incidents": {[]string{"--demo", "--window=0s"}, 1, true},
		"well":      {[]string{"--snapshot=../../cases/healthy-1.37/dump"}, 0, false},
		"blind":     {[]string{"--snapshot=../../cases/node-silent/dump", "--only=conntrack"}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), path, append([]string{"check", "-o", "sarif"}, test.args...)...).Output()
			code := 0
			if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
				code = ended.ExitCode()
			}
			if code != test.code {
				t.Errorf("exit code %d (%v), want %d", code, err, test.code)
			}
			read := v210.NewReport()
			err = json.Unmarshal(out, read)
			if err != nil {
				t.Fatalf("%v in:\n%s", err, out)
			}
			if err := read.Validate(); err != nil {
				t.Errorf("%v in:\n%s", err, out)
			}
			var printed, kept any
			again, err := json.Marshal(read)
			if err := errors.Join(err, json.Unmarshal(out, &printed), json.Unmarshal(again, &kept)); err != nil {
				t.Fatal(err)
			}
			if lost := unknown("", printed, kept); lost != "" {
				t.Errorf("%s is no property of SARIF, in:\n%s", lost, out)
			}
			if len(read.Runs) != 1 || len(read.Runs[0].Results) > 0 != test.some {
				t.Errorf("%d runs, or other results than there are:\n%s", len(read.Runs), out)
			}
		})
	}
}

// unknown is the path of something that was printed and that the library did not keep, for
// it has no such property.
func unknown(path string, printed, kept any) string {
	switch p := printed.(type) {
	case map[string]any:
		k, _ := kept.(map[string]any)
		for name, value := range p {
			if k[name] == nil {
				return path + "/" + name
			}
			if lost := unknown(path+"/"+name, value, k[name]); lost != "" {
				return lost
			}
		}
	case []any:
		k, _ := kept.([]any)
		if len(k) != len(p) {
			return path
		}
		for i := range p {
			if lost := unknown(fmt.Sprintf("%s/%d", path, i), p[i], k[i]); lost != "" {
				return lost
			}
		}
	}
	return ""
}
