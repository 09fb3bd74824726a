package exporter

import (
	"errors"
	"fmt"
	"net/http"
)

// HealthHandler returns what serves /livez and /readyz to clients without credentials:
// whether, and not why. It knows no other path.
func HealthHandler(checks []Check) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", live)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for _, c := range checks {
			if c.Run() != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = w.Write([]byte("not ready\n"))
				return
			}
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	return mux
}

// live answers that this process serves requests. It looks at nothing else: an
// exporter that is restarted because the cluster is ill would be gone just when
// it is needed.
func live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// ready lists every check with its state, and answers 503 unless all hold.
func ready(checks []Check) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var lines []byte
		var failed error
		for _, c := range checks {
			if err := c.Run(); err != nil {
				failed = errors.Join(failed, err)
				lines = fmt.Appendf(lines, "[-]%s failed: %v\n", c.Name, err)
				continue
			}
			lines = fmt.Appendf(lines, "[+]%s ok\n", c.Name)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if failed != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write(append(lines, "readyz check failed\n"...))
			return
		}
		_, _ = w.Write(append(lines, "readyz check passed\n"...))
	}
}
