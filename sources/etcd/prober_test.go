package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// etcd answers as a member does whose health is that.
func etcd(health string, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/health":
			w.WriteHeader(status)
			_, _ = w.Write([]byte(health))
		case "/livez":
			_, _ = w.Write([]byte("[+]serializable_read ok\nok\n"))
		case "/readyz":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte("[+]data_corruption ok\n[-]linearizable_read failed: etcdserver: no leader\n"))
		case "/metrics":
			_, _ = w.Write([]byte("etcd_server_has_leader 1\netcd_mvcc_db_total_size_in_bytes 2.1e+07\n" +
				"etcd_mvcc_db_total_size_in_use_in_bytes 1e+07\netcd_server_quota_backend_bytes 2.147483648e+09\nother 1\n"))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}
}

func newProber(t *testing.T, o Options, now func() time.Time) *Prober {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	p, err := New(o, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ask(t *testing.T, p *Prober) Result {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	for p.Starting() {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
	return p.Results()[0]
}

func TestHealth(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		status     int
		want       Health
		answer     health.Reason
	}{
		{"well", `{"health":"true","reason":""}`, 200, Healthy, health.Available},
		{"full", `{"health":"false","reason":"ALARM NOSPACE"}`, 503, NoSpace, health.Available},
		{"corrupt", `{"health":"false","reason":"ALARM CORRUPT"}`, 503, Corrupt, health.Available},
		{"an alarm of the future", `{"health":"false","reason":"ALARM UNKNOWN"}`, 503, Other, health.Available},
		{"without leader", `{"health":"false","reason":"RAFT NO LEADER"}`, 503, NoLeader, health.Available},
		{"without quorum", `{"health":"false","reason":"RANGE ERROR:context deadline exceeded"}`, 503, ReadFailed, health.Available},
		{"not etcd", `{}`, 200, "", health.Invalid},
		{"a page", `<html>`, 200, "", health.Invalid},
		{"no rights", ``, 403, "", health.Forbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(etcd(tt.body, tt.status))
			t.Cleanup(s.Close)
			r := ask(t, newProber(t, Options{Endpoints: []string{s.URL}}, time.Now))
			if r.Health != tt.want || r.Answer != tt.answer || r.Up != (tt.answer == health.Available) {
				t.Errorf("%+v", r)
			}
			if len(r.Checks) != 3 || r.Checks[2].OK || r.Checks[2].Name != "linearizable_read" {
				t.Errorf("checks: %+v", r.Checks)
			}
			if r.MetricsAnswer != health.Available || len(r.Metrics) != 4 || r.Metrics[QuotaBytes] != 2147483648 {
				t.Errorf("metrics: %v", r.Metrics)
			}
		})
	}
}

// TestMetricsThatAreCutOff verifies that metrics which end in the midst are told as
// invalid, that what came whole is told all the same, and of the rest nothing: half a
// number would be a size that nobody has.
func TestMetricsThatAreCutOff(t *testing.T) {
	t.Parallel()
	well := etcd(`{"health":"true"}`, 200)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			well(w, r)
			return
		}
		_, _ = w.Write([]byte("etcd_server_has_leader 1\netcd_mvcc_db_total_size_in_bytes 21"))
	}))
	t.Cleanup(s.Close)
	r := ask(t, newProber(t, Options{Endpoints: []string{s.URL}}, time.Now))
	if r.MetricsAnswer != health.Invalid || len(r.Metrics) != 1 || r.Metrics[HasLeader] != 1 || !r.Up {
		t.Errorf("%+v", r)
	}
}

func TestMembersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(hung.Close)
	t.Cleanup(func() { close(hang) })
	killed := httptest.NewServer(etcd("", 200))
	killed.Close()
	tests := []struct {
		name, url string
		// within is short only where nothing comes in time.
		within time.Duration
		want   health.Reason
	}{{"hung", hung.URL, 200 * time.Millisecond, health.Timeout}, {"killed", killed.URL, time.Minute, health.Unreachable}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := ask(t, newProber(t, Options{Endpoints: []string{tt.url}, Timeout: tt.within}, time.Now))
			if r.Up || !r.Probed || r.Answer != tt.want || r.MetricsAnswer != tt.want || len(r.Checks) != 0 || len(r.Metrics) != 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(etcd(`{"health":"true"}`, 200))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	// The server's own key pair serves as the client's, and its certificate as the
	// authority.
	dir := t.TempDir()
	ca, cert, key := filepath.Join(dir, "ca.crt"), filepath.Join(dir, "cert.crt"), filepath.Join(dir, "cert.key")
	pair := s.TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		ca: {Type: "CERTIFICATE", Bytes: s.Certificate().Raw}, cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		key: {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := ask(t, newProber(t, Options{Endpoints: []string{s.URL}, CAFile: ca, CertFile: cert, KeyFile: key}, time.Now)); r.Health != Healthy || !r.CertificateExpiry.Equal(s.Certificate().NotAfter) {
		t.Errorf("%+v", r)
	}
	if r := ask(t, newProber(t, Options{Endpoints: []string{s.URL}, CAFile: ca}, time.Now)); r.Up {
		t.Errorf("without a certificate: %+v", r)
	}
	if r := ask(t, newProber(t, Options{Endpoints: []string{s.URL}}, time.Now)); r.Answer != health.TLS || !r.CertificateExpiry.Equal(s.Certificate().NotAfter) {
		t.Errorf("an unknown authority: %+v", r)
	}
}

func TestOldAnswersAreNoProof(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(etcd(`{"health":"true"}`, 200))
	t.Cleanup(s.Close)
	now := time.Unix(1000, 0)
	p := newProber(t, Options{Endpoints: []string{s.URL, s.URL + "/"}}, func() time.Time { return now })
	if r := p.Results(); len(r) != 1 || r[0].Probed {
		t.Errorf("before the first round: %+v", r)
	}
	if r := ask(t, p); !r.Up || r.Endpoint != strings.TrimPrefix(s.URL, "http://") {
		t.Errorf("%+v", r)
	}
	now = now.Add(time.Hour)
	if r := p.Results()[0]; r.Up || r.Answer != health.Stale || len(r.Metrics) != 0 {
		t.Errorf("an hour later: %+v", r)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"no scheme":         {Endpoints: []string{"127.0.0.1:2379"}},
		"a path":            {Endpoints: []string{"https://127.0.0.1:2379/health"}},
		"a key alone":       {KeyFile: "x"},
		"a missing file":    {CAFile: "/does/not/exist"},
		"a missing key":     {CertFile: "/does/not/exist", KeyFile: "/does/not/exist"},
		"a negative number": {Interval: -1},
	} {
		if _, err := New(o, slog.New(slog.DiscardHandler), time.Now); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzParseChecks verifies that each check has a name of one word.
func FuzzParseChecks(f *testing.F) {
	f.Add("[+]a ok\n[-]b failed: x\n")
	f.Add("[+]\x8a\n[+]\xb4")
	f.Fuzz(func(t *testing.T, body string) {
		seen := map[string]bool{}
		for _, c := range parseChecks("livez", body) {
			if c.Name == "" || seen[c.Name] || strings.ContainsAny(c.Name, " \n") {
				t.Errorf("check %q", c.Name)
			}
			seen[c.Name] = true
		}
	})
}
