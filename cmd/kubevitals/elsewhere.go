package main

import (
	"github.com/alecthomas/kingpin/v2"

	"github.com/kubevitals/kubevitals/internal/web"
)

// elsewhereFlags say where other programs are that the pages link to.
func elsewhereFlags(app *kingpin.Application, e *web.Elsewhere) {
	app.Flag("web.grafana-url", "Address of the Grafana with the dashboards, as a browser opens it: each finding on the status page then links to its dashboard.").
		PlaceHolder("URL").StringVar(&e.Grafana)
	app.Flag("web.prometheus-url", "Address of the Prometheus that scrapes this, as a browser opens it: each finding then links to its series over time.").
		PlaceHolder("URL").StringVar(&e.Prometheus)
	app.Flag("web.alertmanager-url", "Address of the Alertmanager, as a browser opens it: each finding then links to a new silence of its alert and labels.").
		PlaceHolder("URL").StringVar(&e.Alertmanager)
}
