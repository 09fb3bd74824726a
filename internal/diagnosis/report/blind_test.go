package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/sources/health"
)

// zero is a metric whose value says that something could not be read.
func zero(labels ...string) *dto.Metric {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: proto.Float64(0)}}
	for i := 0; i < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
	}
	return m
}

// known are errors by what they are about.
type known map[string]error

func (k known) SourceErr(source string) error       { return k["source "+source] }
func (k known) CollectorErr(collector string) error { return k["collector "+collector] }
func (k known) KubeletErr(endpoint string, reason health.Reason) error {
	return k["kubelet "+endpoint+" "+string(reason)]
}

func why() report.Why {
	refused := func(source string, reason health.Reason, address, says string) error {
		return &health.UnavailableError{
			State: health.State{Source: source, Reason: reason},
			Cause: &url.Error{Op: "Get", URL: "https://server/" + address + "?watch=true", Err: errors.New(says)},
		}
	}
	return known{
		"source pods":             refused("pods", health.Unreachable, "pods", "connection refused"),
		"source nodes":            refused("nodes", health.Unreachable, "nodes", "connection refused"),
		"source leases":           refused("leases", health.Forbidden, "leases", "leases is \x1bforbidden"),
		"collector pending_pods":  refused("pods", health.Unreachable, "pods", "connection refused"),
		"collector etcd":          errors.New("no certificate"),
		"collector dns":           errors.New("connection refused"),
		"collector cached_orphan": refused("another", health.Timeout, "another", "too late"),
		"kubelet configz tls":     fmt.Errorf("kubelet n: %w", &url.Error{Op: "Get", URL: "https://n/configz", Err: errors.New("unknown authority")}),
	}
}

func sightless() (blind, absent []report.Blind) {
	return report.Sightless([]*dto.MetricFamily{
		{Name: proto.String("kubevitals_source_available"), Metric: []*dto.Metric{
			zero("source", "pods", "reason", "unreachable"), zero("source", "nodes", "reason", "unreachable"),
			zero("source", "leases", "reason", "forbidden"), zero("source", "node_metrics", "reason", "not_found"),
		}},
		{Name: proto.String("kubevitals_scrape_collector_success"), Metric: []*dto.Metric{
			zero("collector", "pending_pods"), zero("collector", "dns", "reason", "unreachable"), zero("collector", "etcd"), zero("collector", "cached_orphan"),
		}},
	}, why())
}

// TestWhyBlind holds that what could not be read is told by reason, with errors but
// without addresses of requests, and that collectors that only wait for a source
// are told apart.
func TestWhyBlind(t *testing.T) {
	t.Parallel()
	blind, absent := sightless()
	r := &report.Result{Blind: blind, Absent: absent}
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
  without a source: collector pending_pods
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
	r := &report.Result{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		r.Blind = append(r.Blind, report.Blind{Kind: report.Source, Name: name, Reason: "forbidden", Detail: name + " is forbidden"})
	}
	var out bytes.Buffer
	if err := r.Text(&out, false); err != nil || !strings.Contains(out.String(), "c is forbidden\n      and 2 more, which -o json tells\n") {
		t.Errorf("%v:\n%s", err, out.String())
	}
}

// TestErrorsBehindFindings holds that findings about what cannot be read have their
// errors, and those of the cluster none.
func TestErrorsBehindFindings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		signal string
		labels map[string]string
		want   string
	}{
		{"exporter", map[string]string{"source": "pods", "reason": "unreachable"}, "connection refused"},
		{"exporter", map[string]string{"collector": "etcd"}, "no certificate"},
		{"exporter", map[string]string{"endpoint": "configz", "reason": "tls"}, "kubelet n: unknown authority"},
		{"exporter", map[string]string{"endpoint": "configz", "reason": "timeout"}, ""},
		{"exporter", map[string]string{"job": "kubevitals"}, ""},
		{"node_disk", map[string]string{"source": "pods"}, ""},
	} {
		causes := []report.Cause{{Alert: "A", Signal: test.signal, Findings: []ruleeval.Finding{{Labels: test.labels}}}}
		report.Explain(causes, why())
		if got := causes[0].Findings[0].Detail; got != test.want {
			t.Errorf("%s %v: %q, want %q", test.signal, test.labels, got, test.want)
		}
		var text, suite bytes.Buffer
		r := &report.Result{Causes: causes, Evaluated: []string{"A"}}
		if err := errors.Join(r.Text(&text, false), r.JUnit(&suite)); err != nil {
			t.Fatal(err)
		}
		if test.want == "" {
			continue
		}
		if !strings.Contains(text.String(), "      "+test.want) || !strings.Contains(suite.String(), test.want) {
			t.Errorf("%q is missing in:\n%s\n%s", test.want, text.String(), suite.String())
		}
	}
}
