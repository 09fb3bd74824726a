package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
)

// judging is the version of how a mutant is judged. Another one makes what was kept of
// earlier runs worth nothing.
const judging = 1

// results are what mutants came to on cases in earlier runs, kept in a file of one line for
// each case and run, so that a run which was stopped goes on, and one after a change plays
// only what the change may concern. A pair of mutant and case is known by the text of the
// case, and of all rules that it looks at with the mutant in its place.
type results struct {
	file     *os.File
	survived map[string]bool
	killed   map[string]string
}

// outcome is a line: what some mutants came to on a case, by the keys of the pairs.
type outcome struct {
	Case     string            `json:"case"`
	Survived []string          `json:"survived,omitempty"`
	Killed   map[string]string `json:"killed,omitempty"`
}

func (o *outcome) add(key, failure string) {
	const longest = 500 // of a failure, which may name hundreds of alerts
	if failure == "" {
		o.Survived = append(o.Survived, key)
		return
	}
	if o.Killed == nil {
		o.Killed = map[string]string{}
	}
	o.Killed[key] = failure[:min(len(failure), longest)]
}

// openResults reads what a file has, which need not be there, and adds to it from then on.
// No name keeps nothing. A last line that was not written to its end is cut off.
func openResults(path string) (*results, error) {
	r := &results{survived: map[string]bool{}, killed: map[string]string{}}
	if path == "" {
		return r, nil
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	for lines := bufio.NewReader(bytes.NewReader(whole)); ; {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		var o outcome
		if err := errors.Join(err, json.Unmarshal(line, &o)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, key := range o.Survived {
			r.survived[key] = true
		}
		maps.Copy(r.killed, o.Killed)
	}
	if r.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return nil, err
	}
	if err := r.file.Truncate(int64(len(whole))); err != nil {
		return nil, errors.Join(err, r.file.Close())
	}
	_, err = r.file.Seek(0, io.SeekEnd)
	return r, err
}

// keep writes what was found of a case.
func (r *results) keep(o *outcome) error {
	if r.file == nil || len(o.Survived)+len(o.Killed) == 0 {
		return nil
	}
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = r.file.Write(append(line, '\n'))
	return err
}

func (r *results) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// recall takes from what is to be done on a case what is known, and returns the keys of the rest.
func (r *results) recall(g *graph, p *prepared, todo map[*attempt]asked) map[*attempt]string {
	if r.file == nil || len(todo) == 0 {
		return nil
	}
	of := p.digest()
	keys := map[*attempt]string{}
	for m, a := range todo {
		key := p.key(of, g, m, a)
		if failure, ok := r.killed[key]; ok {
			m.state, m.why = killed, p.title()+": "+failure
		}
		if m.state == killed || r.survived[key] {
			delete(todo, m)
		} else {
			keys[m] = key
		}
	}
	return keys
}

// digest is that of the case itself.
func (c *testCase) digest() []byte {
	text := fmt.Appendf(nil, "%d %s %s %q %t %q %q %q %q %s", judging, c.file.Interval, c.Interval, c.file.Order, c.file.FuzzyCompare,
		c.Input, c.Alerts, c.ExternalLabels.String(), c.ExternalURL, c.start())
	for _, e := range c.Exprs {
		text = fmt.Appendf(text, "%q %s %v", e.Expr, e.At, e.Expect)
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// key is that of a mutant on a case, of which it may fail some tests.
func (p *prepared) key(of []byte, g *graph, m *attempt, a asked) string {
	changed := m.in(g)
	sum := sha256.New()
	sum.Write(of)
	for _, i := range slices.Sorted(maps.Keys(reached(p.from(a, changed, m), changed.needs))) {
		sum.Write(changed.rules[i].sum)
	}
	return hex.EncodeToString(sum.Sum(nil)[:10])
}
