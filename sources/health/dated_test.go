package health

import (
	"net/http"
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
