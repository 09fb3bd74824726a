package apiserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/revision"
)

// versioned is an API server whose etcd is at revision and whose cache shows
// cached; a write makes the former grow.
type versioned struct {
	revision, cached atomic.Int64
	denied           atomic.Bool
}

func (v *versioned) serve(w http.ResponseWriter, r *http.Request) {
	object := func(version int64) {
		_, _ = fmt.Fprintf(w, `{"kind":"Lease","metadata":{"uid":"u","resourceVersion":"%d"}}`, version)
	}
	wanted, err := strconv.ParseInt(r.URL.Query().Get("resourceVersion"), 10, 64)
	switch {
	case r.URL.Path == "/api/v1/namespaces/kube-system":
		_, _ = w.Write([]byte(`{"metadata":{"uid":"cluster-1","resourceVersion":"4"}}`))
	case r.Method == http.MethodPatch:
		object(v.revision.Add(1))
	case err == nil && v.denied.Load():
		w.WriteHeader(http.StatusForbidden)
	case err == nil && wanted > v.cached.Load():
		w.WriteHeader(http.StatusGatewayTimeout)
		_ = json.NewEncoder(w).Encode(metav1.Status{Reason: metav1.StatusReasonTimeout, Details: &metav1.StatusDetails{
			Causes: []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge}},
		}})
	case err == nil:
		object(v.cached.Load())
	default:
		_, _ = w.Write([]byte("ok"))
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	v := &versioned{}
	s := newServer(t, v.serve)
	p := newProber(t, Options{WriteLease: "kubevitals/probe"}, s.config(), nothing())
	tracker, reports := revision.New(), make(chan error, 10)
	p.WantVersions(tracker, func(server string, err error) {
		if server != s.address() {
			t.Errorf("reports of %s", server)
		}
		reports <- err
	})
	state := func() (revision.State, revision.ServerState) {
		round(t, p)
		now := tracker.State(time.Now(), time.Minute)
		return now, now.Servers[s.address()]
	}
	v.revision.Store(100)
	v.cached.Store(90)
	all, one := state()
	if one.Cached != 90 || one.Written != 101 || one.TooLarge || one.Ahead || all.Rewound || all.Mark != 101 {
		t.Errorf("a healthy server: %+v, %+v", all, one)
	}
	if err := <-reports; err != nil {
		t.Errorf("a read that was answered is reported as %v", err)
	}

	v.cached.Store(101)
	v.revision.Store(50)
	all, one = state()
	if !all.Rewound || !one.Ahead || one.TooLarge {
		t.Errorf("restored, and its cache is from before: %+v, %+v", all, one)
	}
	v.cached.Store(50)
	all, one = state()
	if !all.Rewound || one.Ahead || !one.TooLarge {
		t.Errorf("restored and restarted: %+v, %+v", all, one)
	}

	for range 2 {
		<-reports
	}
	v.denied.Store(true)
	_, one = state()
	var denied interface{ Reason() health.Reason }
	if err := <-reports; !errors.As(err, &denied) || denied.Reason() != health.Forbidden || one.Cached != 0 || one.TooLarge {
		t.Errorf("without the right to read: %v, %+v", err, one)
	}
	s.Close()
	round(t, p)
	if err := <-reports; !errors.As(err, &denied) || denied.Reason() != health.Unreachable {
		t.Errorf("a server that is gone: %v", err)
	}
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	for body, good := range map[string]bool{
		`{"metadata":{"resourceVersion":"12"}}`:  true,
		`{"metadata":{"resourceVersion":"abc"}}`: false,
		`{"metadata":{}}`:                        false,
		`<html>`:                                 false,
	} {
		if _, err := versionOf([]byte(body)); (err == nil) != good {
			t.Errorf("%s: %v", body, err)
		}
	}
}
