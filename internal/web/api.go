package web

import (
	"net/http"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
)

// API is where programs read the incidents, in the form of docs/incidents-api.md.
const API = "/api/v1/incidents"

// incidentsAPI answers with the incidents of the report that the pages show.
func (s *server) incidentsAPI(w http.ResponseWriter, r *http.Request) {
	look, err := s.Report(r.Context())
	if err != nil {
		answer(w, http.StatusServiceUnavailable, apiError{err.Error()})
		return
	}
	answer(w, http.StatusOK, diagnosis.IncidentsOf(look.Result, look.Starting))
}

// apiError is why there is no other answer.
type apiError struct {
	Error string `json:"error"`
}

func answer(w http.ResponseWriter, status int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = report.Object(w, object) // who asked is gone
}
