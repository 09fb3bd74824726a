package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
)

//go:embed report.css
var style string

// page needs nothing from outside and runs nothing.
var page = template.Must(template.New("report").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{.Title}}</title>
<style>
{{.Style}}</style>
</head>
<body>
<main>
{{.Body}}</main>
</body>
</html>
`))

// HTML writes a result as one file to hand over, which a browser shows without a network:
// what Markdown has.
func HTML(w io.Writer, r *diagnosis.Result, language string) error {
	var source, body bytes.Buffer
	if err := Markdown(&source, r, language); err != nil {
		return err
	}
	// Raw HTML and links that run something are left out by goldmark.
	if err := goldmark.New(goldmark.WithExtensions(extension.Table)).Convert(source.Bytes(), &body); err != nil {
		return fmt.Errorf("render the report: %w", err)
	}
	own := wordsOf(language)
	title := own.say("All clear")
	switch {
	case len(r.Incidents) > 0:
		title = own.say("Incidents: %s", own.bySeverity(r.Incidents))
	case !r.Complete():
		title = own.say("Could not tell")
	}
	err := page.Execute(w, struct {
		Lang, Title string

		Style template.CSS
		Body  template.HTML
	}{
		cmp.Or(language, English), fmt.Sprintf("%s, %s, %s", title, plain(r.Cluster), r.At.UTC().Format("2006-01-02 15:04 MST")),
		template.CSS(style), template.HTML(body.String()), //nolint:gosec // both are ours: goldmark escapes what is in the text
	})
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
