package apiserver

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/certs"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/revision"
)

// answer is what one request came to. code is 0 when there was no answer.
type answer struct {
	outcome  health.Reason
	code     int
	body     []byte
	duration time.Duration
	expiry   time.Time
	header   http.Header
	foreign  error // why this is no answer of the server at this time
}

// disown makes an answer that is not the server's own, of now, one that did not come.
func (a *answer) disown(err error) {
	a.outcome, a.code, a.body, a.foreign = ofError(err), 0, nil, err
}

// err is nil if the answer is what was asked for, and says why not otherwise.
func (a answer) err() error {
	switch {
	case a.outcome == health.Available:
		return nil
	case a.foreign != nil:
		return a.foreign
	case a.code != 0:
		return &statusError{a.code}
	}
	return &silence{a.outcome}
}

// silence is a request without an answer.
type silence struct{ outcome health.Reason }

func (e *silence) Error() string { return "the server does not answer: " + string(e.outcome) }

// Reason says what the silence means.
func (e *silence) Reason() health.Reason { return e.outcome }

// bodyLimit bounds the answer of a health endpoint, and the one object that is read,
// which etcd keeps below 1.5 MiB.
const bodyLimit = 2 << 20

func (i *instance) get(ctx context.Context, path string) answer {
	return i.send(ctx, http.MethodGet, path, "", nil)
}

func (i *instance) send(ctx context.Context, method, path, contentType string, body []byte) answer {
	begun := i.prober.now()
	finish := func(a answer) answer {
		a.duration = i.prober.now().Sub(begun)
		return a
	}
	request, err := http.NewRequestWithContext(ctx, method, i.base+path, bytes.NewReader(body))
	if err != nil {
		return finish(answer{outcome: health.Failed})
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	request.Header.Set("Accept", "application/json, text/plain;q=0.9, */*;q=0.1")
	request.Header.Set("Cache-Control", "no-cache")
	response, err := i.client.Do(request)
	if err != nil {
		return finish(answer{outcome: ofError(err), expiry: certs.Refused(err)})
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{outcome: ofStatus(response.StatusCode), code: response.StatusCode, header: response.Header, expiry: certs.Shown(response.TLS)}
	if a.body, err = io.ReadAll(bounded.Reader(response.Body, bodyLimit)); err != nil {
		a.outcome = ofError(err)
	}
	if err := cmp.Or(health.Own(response.Header), health.Framed(response)); err != nil {
		a.disown(err)
	}
	return finish(a)
}

// probeWrite renews the Lease of the options through this API server, which
// goes the whole way into etcd.
func probeWrite(ctx context.Context, i *instance, _ Probe) (Probe, error) {
	namespace, name, _ := strings.Cut(i.prober.options.WriteLease, "/")
	path := fmt.Sprintf("/apis/coordination.k8s.io/v1/namespaces/%s/leases/%s", namespace, name)
	var o revision.Observation
	v := i.prober.versions.Load()
	if v != nil {
		o = v.before(ctx, i, path)
	}
	bounded, cancel := context.WithTimeout(ctx, i.prober.options.Timeout)
	defer cancel()
	patch := fmt.Appendf(nil, `{"spec":{"renewTime":%q}}`, i.prober.now().UTC().Format("2006-01-02T15:04:05.000000Z07:00"))
	a := i.send(bounded, http.MethodPatch, path+"?fieldManager=kubevitals", "application/merge-patch+json", patch)
	if v != nil {
		v.after(o, i, a)
	}
	if a.code != 0 {
		i.asked(writeSource, a.refusal())
	}
	return Probe{Outcome: a.outcome, Duration: a.duration}, nil
}

// readMetrics counts the server's own metrics, and in passing the watches that
// kubelets hold on single objects.
func readMetrics(ctx context.Context, i *instance, _ Metrics) (Metrics, error) {
	m, err := i.countMetrics(ctx)
	m.At, m.Reason = i.prober.now(), health.Classify(err)
	if err != nil {
		i.prober.logger.DebugContext(ctx, "metrics of an API server", "server", i.server, "err", err)
	}
	if !errors.Is(ctx.Err(), context.Canceled) { // else it may have failed for that alone
		i.asked(metricsSource, err)
	}
	return m, nil
}

func (i *instance) countMetrics(ctx context.Context) (Metrics, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.base+"/metrics", nil)
	if err != nil {
		return Metrics{}, err
	}
	response, err := i.client.Do(request)
	if err != nil {
		return Metrics{}, fmt.Errorf("get /metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return Metrics{}, &statusError{response.StatusCode}
	}
	if err := cmp.Or(health.Own(response.Header), health.Framed(response)); err != nil {
		return Metrics{}, err
	}
	return countBody(response.Body, i.prober.options.Exposition)
}

// countWatch adds a sample of apiserver_longrunning_requests: scope "resource"
// are watches with a field selector on a name, as kubelets open them.
func (m Metrics) countWatch(labels, value []byte) {
	resource, _ := exposition.Label(labels, "resource")
	verb, _ := exposition.Label(labels, "verb")
	scope, _ := exposition.Label(labels, "scope")
	if _, counted := m.Watches[resource]; !counted || verb != "WATCH" || scope != "resource" {
		return
	}
	if n, err := strconv.ParseFloat(string(value), 64); err == nil {
		m.Watches[resource] += int64(n)
	}
}

// statusError is an answer other than 200.
type statusError struct{ code int }

func (e *statusError) Error() string { return "the server answers " + http.StatusText(e.code) }

// Reason says what the answer means.
func (e *statusError) Reason() health.Reason { return health.OfStatus(e.code) }

// parseChecks reads the verbose body of a health endpoint. Its lines are
// "[+]NAME ok", "[-]NAME failed: ..." and "[+]NAME excluded: ok"; any other line
// is a remark. An excluded check says nothing.
func parseChecks(probe string, body []byte) []Check {
	const most = 200 // a server names about forty
	var checks []Check
	seen := map[string]bool{}
	for line := range strings.Lines(string(body)) {
		name, rest, good, ok := health.CheckLine(line)
		if !ok || seen[name] || strings.HasPrefix(rest, "excluded") || len(checks) == most {
			continue
		}
		seen[name] = true
		checks = append(checks, Check{Probe: probe, Name: name, OK: good})
	}
	return checks
}
