package exporter

import (
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
)

// Page describes the landing page.
type Page struct {
	Name        string
	Description string
	Version     string
	// Tables returns what is shown below the table of collectors; it may be nil.
	Tables func() []Table
}

// Table is a table of the landing page. All text is escaped when shown.
type Table struct {
	Title   string
	Columns []string
	Rows    []Row
}

// Row is one row of a Table.
type Row struct {
	// Bad marks what needs attention.
	Bad   bool
	Cells []string
}

// The templates are parsed once and only read afterwards.
var tablesTemplate = template.Must(template.New("tables").Parse(`
{{- range . }}<h2>{{ .Title }}</h2>
<table><thead><tr>{{ range .Columns }}<th scope="col">{{ . }}</th>{{ end }}</tr></thead><tbody>
{{ range .Rows }}<tr{{ if .Bad }} class="bad"{{ end }}>{{ range .Cells }}<td>{{ . }}</td>{{ end }}</tr>
{{ end }}</tbody></table>
{{ end }}`))

const tablesCSS = `
table { border-collapse: collapse; margin-bottom: 1.5em; }
th, td { text-align: left; padding: .3em 1.2em .3em .4em; border-bottom: 1px solid #ddd; }
tr.bad td { background: #fdecea; }
tr.bad td:first-child { border-left: 4px solid #c62828; }
`

// landing shows where to go, how every collector fared when it last ran, and
// the tables of the page.
func landing(frame *Frame, page Page, logger *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		tables := []Table{collectorTable(frame.Statuses())}
		if page.Tables != nil {
			tables = append(tables, page.Tables()...)
		}
		var html strings.Builder
		if err := tablesTemplate.Execute(&html, tables); err != nil {
			logger.ErrorContext(r.Context(), "landing page", "err", err)
			http.Error(w, "the landing page cannot be shown", http.StatusInternalServerError)
			return
		}
		handler, err := web.NewLandingPage(web.LandingConfig{
			HeaderColor: "#1f5a96",
			Name:        page.Name,
			Description: page.Description,
			Version:     page.Version,
			Profiling:   "false",
			ExtraHTML:   html.String(),
			ExtraCSS:    tablesCSS,
			Links: []web.LandingLinks{
				{Address: "/metrics", Text: "Metrics"},
				{Address: "/runbooks/", Text: "Runbooks", Description: "what to do about each alert"},
				{Address: "/readyz", Text: "Ready", Description: "what this process can read"},
				{Address: "/livez", Text: "Live"},
			},
		})
		if err != nil {
			logger.ErrorContext(r.Context(), "landing page", "err", err)
			http.Error(w, "the landing page cannot be shown", http.StatusInternalServerError)
			return
		}
		handler.ServeHTTP(w, r)
	}
}

func collectorTable(statuses []Status) Table {
	t := Table{Title: "Collectors", Columns: []string{"collector", "state", "series", "took", "last run"}}
	for _, s := range statuses {
		row := Row{Cells: []string{s.Name, "ok", fmt.Sprint(s.Series), s.Duration.Round(time.Microsecond).String(), s.At.UTC().Format(time.TimeOnly) + " UTC"}}
		switch {
		case s.At.IsZero():
			row.Cells = []string{s.Name, "not scraped yet", "", "", ""}
		case s.Err != nil:
			row.Bad = true
			row.Cells[1] = s.Err.Error()
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
