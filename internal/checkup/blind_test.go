package checkup_test

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/kubevitals/kubevitals/collectors/watch"
	"github.com/kubevitals/kubevitals/internal/checkup"
)

// zero is a metric whose value says that something could not be read.
func zero(labels ...string) *dto.Metric {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: proto.Float64(0)}}
	for i := 0; i < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
	}
	return m
}

func sightless() (blind, absent []checkup.Blind) {
	refused := func(source string, reason watch.Reason, address, says string) error {
		return &watch.UnavailableError{
			State: watch.State{Source: source, Reason: reason},
			Cause: &url.Error{Op: "Get", URL: "https://server/" + address + "?watch=true", Err: errors.New(says)},
		}
	}
	errs := map[string]error{
		"source pods":             refused("pods", watch.Unreachable, "pods", "connection refused"),
		"source nodes":            refused("nodes", watch.Unreachable, "nodes", "connection refused"),
		"source leases":           refused("leases", watch.Forbidden, "leases", "leases is \x1bforbidden"),
		"collector pending_pods":  refused("pods", watch.Unreachable, "pods", "connection refused"),
		"collector etcd":          errors.New("no certificate"),
		"collector dns":           errors.New("connection refused"),
		"collector cached_orphan": refused("another", watch.Timeout, "another", "too late"),
	}
	return checkup.Sightless([]*dto.MetricFamily{
		{Name: proto.String("kubevitals_source_available"), Metric: []*dto.Metric{
			zero("source", "pods", "reason", "unreachable"), zero("source", "nodes", "reason", "unreachable"),
			zero("source", "leases", "reason", "forbidden"), zero("source", "node_metrics", "reason", "not_found"),
		}},
		{Name: proto.String("kubevitals_scrape_collector_success"), Metric: []*dto.Metric{
			zero("collector", "pending_pods"), zero("collector", "dns", "reason", "unreachable"), zero("collector", "etcd"), zero("collector", "cached_orphan"),
		}},
	}, func(kind, name string) error { return errs[kind+" "+name] })
}

// TestWhyBlind holds that what could not be read is told by reason, with errors but
// without addresses of requests, and that collectors that only wait for a source
// are told apart.
func TestWhyBlind(t *testing.T) {
	t.Parallel()
	blind, absent := sightless()
	r := &checkup.Result{Blind: blind, Absent: absent}
	var out bytes.Buffer
	if err := r.Text(&out, false); err != nil {
		t.Fatal(err)
	}
	want := `Could not be read:
  failed: collectors cached_orphan, etcd
      too late
      no certificate
  forbidden: source leases
      leases is ` + "\uFFFD" + `forbidden
  unreachable: sources nodes, pods; collector dns
      connection refused
  So nothing is known of: pending_pods
Not there: source node_metrics.
`
	if !strings.HasSuffix(out.String(), want) {
		t.Errorf("got:\n%s\nwant at the end:\n%s", out.String(), want)
	}
	if r.Sure() {
		t.Error("sure, though blind")
	}

	out.Reset()
	if err := r.JUnit(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`errors="7"`, `skipped="1"`, `<error message="could not be read: forbidden" type="forbidden">leases is `} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("JUnit has no %s:\n%s", want, out.String())
		}
	}
}

// TestManyReasons holds that no error is left out without a word.
func TestManyReasons(t *testing.T) {
	t.Parallel()
	r := &checkup.Result{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		r.Blind = append(r.Blind, checkup.Blind{Kind: checkup.Source, Name: name, Reason: "forbidden", Detail: name + " is forbidden"})
	}
	var out bytes.Buffer
	if err := r.Text(&out, false); err != nil || !strings.Contains(out.String(), "c is forbidden\n      and 2 more, which -o json tells\n") {
		t.Errorf("%v:\n%s", err, out.String())
	}
}
