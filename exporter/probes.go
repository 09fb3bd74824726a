package exporter

import (
	"fmt"
	"net/http"
)

// HealthHandler returns what serves /livez and /readyz to clients without credentials:
// whether, and not why. It knows no other path.
func HealthHandler(checks []Check) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", live)
	mux.HandleFunc("GET /readyz", ready(checks, false))
	return mux
}

// live answers that this process serves requests. It looks at nothing else: an
// exporter that is restarted because the cluster is ill would be gone just when
// it is needed.
func live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// ready answers 503 unless all checks hold. Who may know why is told of each of them.
func ready(checks []Check, why bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var lines []byte
		status, verdict, word := http.StatusOK, "readyz check passed\n", "ok\n"
		for _, c := range checks {
			if err := c.Run(); err != nil {
				status, verdict, word = http.StatusServiceUnavailable, "readyz check failed\n", "not ready\n"
				lines = fmt.Appendf(lines, "[-]%s failed: %v\n", c.Name, err)
				continue
			}
			lines = fmt.Appendf(lines, "[+]%s ok\n", c.Name)
		}
		body := fmt.Append(lines, verdict)
		if !why {
			body = []byte(word)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}
