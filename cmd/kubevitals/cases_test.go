package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"regexp"
	"runtime"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/terminal"
	"github.com/kubevitals/kubevitals/test/cases"
	"github.com/kubevitals/kubevitals/test/fresh"
)

// answerTo is what check says of a dump, in this process.
func answerTo(ctx context.Context, dump string) (cases.Answer, error) {
	c := newCommand(io.Discard, io.Discard)
	c.line = terminal.NewStatusLine(io.Discard, false)
	if _, err := c.app.Parse([]string{checkName, "--snapshot=" + dump}); err != nil {
		return cases.Answer{}, err
	}
	result, err := c.check(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return cases.Answer{}, err
	}
	var text bytes.Buffer
	err = report.Text(&text, result, report.Style{})
	return cases.Answer{Text: text.String(), Incidents: result.Incidents, Clear: !result.Firing() && result.Complete()}, err
}

// TestCasesAreRightAndFresh verifies that each cluster of cases/ is answered as its
// case.yaml says, and that docs/cases.md has all of them with these answers,
// and docs/figures.md their number.
func TestCasesAreRightAndFresh(t *testing.T) {
	t.Parallel()
	all, err := cases.Load("../../cases")
	if err != nil {
		t.Fatal(err)
	}
	answers := make([]cases.Answer, len(all))
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range all {
		group.Go(func() (err error) {
			answers[i], err = answerTo(ctx, c.Dump)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, c := range all {
		for _, wrong := range c.Judge(answers[i]) {
			t.Errorf("%s: %s\n%s", c.Name, wrong, answers[i].Text)
		}
	}
	peer, err := cases.LoadPeer("../../cases/popeye.yaml")
	if err != nil {
		t.Fatal(err)
	}
	fresh.File(t, "../../docs/cases.md", []byte(cases.Document(all, answers, peer)))
	figures, err := os.ReadFile("../../docs/figures.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile("(?m)^" + regexp.QuoteMeta(cases.FigureOf) + ".*$")
	if !line.Match(figures) {
		t.Fatalf("docs/figures.md has no line that begins: %s", cases.FigureOf)
	}
	fresh.File(t, "../../docs/figures.md", line.ReplaceAllLiteral(figures, []byte(cases.Figure(all, answers, peer))))
}
