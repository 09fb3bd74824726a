package health

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestOwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		key, value string
		want       Reason
	}{
		{"Age", "", Available},
		{"Age", "0", Available},
		{"Age", "86400", Stale},
		{"Age", "nonsense", Stale},
		{"Content-Type", "text/plain; charset=utf-8", Available},
		{"Content-Type", "text/html; charset=utf-8", Invalid},
		{"Content-Type", "Text/HTML", Invalid},
	} {
		header := http.Header{}
		header.Set(tt.key, tt.value)
		if err := Own(header); Classify(err) != tt.want {
			t.Errorf("%s: %s: %v, want %s", tt.key, tt.value, err, tt.want)
		}
	}
}

// TestFramed verifies on the wire that of a body without a length, which ends with the
// connection, it is told that it may be a part, and of all other bodies that they are not.
func TestFramed(t *testing.T) {
	t.Parallel()
	packed := func() string {
		var b strings.Builder
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, "a 1\n")
		_ = w.Close()
		return b.String()
	}
	for name, tt := range map[string]struct {
		answer string
		want   Reason
	}{
		"a length":            {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n", Available},
		"chunks":              {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n0\r\n\r\n", Available},
		"packed":              {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + packed(), Available},
		"nothing":             {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Available},
		"the connection ends": {"HTTP/1.1 200 OK\r\n\r\na 1\n", Invalid},
		"of HTTP/1.0":         {"HTTP/1.0 200 OK\r\n\r\na 1\n", Invalid},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, tt.answer)
			_ = conn.Close()
		}))
		t.Cleanup(server.Close)
		response, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if err := Framed(response); Classify(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
		_ = response.Body.Close()
	}
}

// TestDated verifies that an answer whose date stands still is taken once, whatever the
// clock of who answers says.
func TestDated(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	type step struct {
		after, date time.Duration // since the beginning
		want        Reason
	}
	for name, steps := range map[string][]step{
		"a clock that goes":        {{0, 0, Available}, {5 * time.Second, 5 * time.Second, Available}, {10 * time.Second, 10 * time.Second, Available}},
		"two in a second":          {{0, 0, Available}, {time.Second, 0, Available}, {3 * time.Second, 3 * time.Second, Available}},
		"a clock that is slow":     {{0, 0, Available}, {5 * time.Second, time.Second, Available}},
		"frozen":                   {{0, 0, Available}, {5 * time.Second, 0, Stale}, {10 * time.Second, 0, Stale}, {15 * time.Second, 15 * time.Second, Available}},
		"frozen, asked often":      {{0, 0, Available}, {time.Second, 0, Available}, {2 * time.Second, 0, Stale}, {3 * time.Second, 0, Stale}},
		"frozen in the future":     {{0, time.Hour, Available}, {5 * time.Second, time.Hour, Stale}},
		"two servers take turns":   {{0, 0, Available}, {5 * time.Second, -time.Minute, Available}, {10 * time.Second, 10 * time.Second, Available}, {15 * time.Second, -50 * time.Second, Available}},
		"a clock that is set":      {{0, 0, Available}, {5 * time.Second, -time.Hour, Available}, {10 * time.Second, -time.Hour + 5*time.Second, Available}},
		"a clock that was in 1980": {{0, -50 * 365 * 24 * time.Hour, Available}, {5 * time.Second, 0, Available}},
	} {
		var d Dated
		for n, s := range steps {
			header := http.Header{"Date": {begin.Add(s.date).Format(http.TimeFormat)}}
			if err := d.Next(header, begin.Add(s.after)); Classify(err) != s.want {
				t.Errorf("%s: answer %d: %v, want %s", name, n+1, err, s.want)
			}
		}
	}
	for _, date := range []string{"", "yesterday"} {
		if err := new(Dated).Next(http.Header{"Date": {date}}, begin); Classify(err) != Invalid {
			t.Errorf("date %q: %v", date, err)
		}
	}
}
