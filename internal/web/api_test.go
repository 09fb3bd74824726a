package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/internal/web"
)

// asked is what the API answers, decoded into answer.
func asked(t *testing.T, h http.Handler, status int, answer any) {
	t.Helper()
	w := get(t, h, web.API)
	if w.Code != status || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %v:\n%s", w.Code, w.Header(), w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), answer); err != nil {
		t.Fatal(err)
	}
}

// TestIncidentsAPI verifies that programs are told the incidents of the page, and what could
// not be read.
func TestIncidentsAPI(t *testing.T) {
	t.Parallel()
	var told web.Incidents
	asked(t, handler(t), http.StatusOK, &told)
	if told.Version != web.IncidentsVersion || told.Cluster != "prod" || told.Complete || told.Starting {
		t.Errorf("%+v", told)
	}
	var causes []string
	for _, one := range told.Incidents {
		causes = append(causes, one.Severity+" "+one.Cause.Alert+" "+one.Cause.Labels["node"]+one.Cause.Labels["server"])
	}
	for _, want := range []string{"critical KubeVitalsSchedulerDown ", "warning " + diskPressure + " worker-2", "warning KubeVitalsAPIServerDown cp-2"} {
		if !slices.Contains(causes, want) {
			t.Errorf("%q is missing in %q", want, causes)
		}
	}
	if !slices.ContainsFunc(told.Unavailable, func(u diagnosis.Unavailable) bool { return u.Name == "pods" && u.Reason == "forbidden" }) {
		t.Errorf("pods are not among %+v", told.Unavailable)
	}

	asked(t, pagesOver(t, reporting(t, healthy)), http.StatusOK, &told)
	if !told.Complete || told.Incidents == nil || len(told.Incidents) != 0 {
		t.Errorf("of a healthy cluster: %+v", told)
	}
}

// TestIncidentsAPIWithoutReport verifies that an answer that knows nothing does not look like
// health.
func TestIncidentsAPIWithoutReport(t *testing.T) {
	t.Parallel()
	var told map[string]any
	asked(t, pagesOver(t, func(context.Context) (*livestatus.Report, error) { return nil, errors.New("out of time") }), http.StatusServiceUnavailable, &told)
	if told["error"] != "out of time" || len(told) != 1 {
		t.Errorf("%v", told)
	}
}
