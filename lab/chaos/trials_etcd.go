package chaos

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/kubevitals/kubevitals/lab/chaos/faultproxy"
	"github.com/kubevitals/kubevitals/lab/cluster"
)

// member is what facts call the one member of etcd that a trial has.
const member = "member"

// inUse is the metric of etcd that is compared.
const inUse = "etcd_mvcc_db_total_size_in_use_in_bytes"

// etcdInterval is how often etcd is asked in trials of it.
const etcdInterval = 10 * time.Second

// etcdTrials put faults that are not of watches between kubevitals and a member of etcd,
// whose health and metrics it asks for.
func etcdTrials(single []Trial) []Trial {
	var all []Trial
	for _, name := range strings.Fields("accept-reset freeze half-open stall trickle 500 html") {
		if found := named(single, name); found != nil {
			what := "between kubevitals and etcd: " + strings.ReplaceAll(found.What, "the API server", "etcd")
			all = append(all, ofEtcd(Trial{Name: "etcd-metrics-" + found.Name, What: what, faults: found.faults}))
		}
	}
	return append(all,
		ofEtcd(proxied("etcd-metrics-truncated", "between kubevitals and etcd: answers are cut in half", faultproxy.Fault{Whole: faultproxy.Half})),
		ofEtcd(proxied("etcd-metrics-torn", "between kubevitals and etcd: its metrics end in the midst of the number that is compared", faultproxy.Fault{Whole: tornNumber})))
}

// tornNumber ends a body after the first two digits of what is compared.
func tornNumber(_ string, body []byte) []byte {
	at := bytes.Index(body, []byte("\n"+inUse+" "))
	if at < 0 {
		return body
	}
	return body[:at+len("\n"+inUse+" ")+2]
}

func ofEtcd(t Trial) Trial {
	t.place, t.News = behindEtcd, etcdInterval*3/2
	return t
}

// store is an etcd of the trial's own, to which no one else writes.
type store struct {
	url    string
	client *clientv3.Client
}

// behindEtcd starts an etcd with a proxy before it. The API server is reached directly.
func behindEtcd(ctx context.Context, s *stage) error {
	c := s.campaign.cluster
	dir := filepath.Join(s.dir, member)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("folder of etcd: %w", err)
	}
	process, url, err := cluster.StartEtcd(ctx, s.campaign.options.LabBinary, dir)
	if err != nil {
		return err
	}
	s.atEnd(process.Kill)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{url}, DialTimeout: 5 * time.Second, Logger: zap.NewNop()})
	if err != nil {
		return fmt.Errorf("client of etcd: %w", err)
	}
	s.atEnd(func() { _ = client.Close() })
	certificate, err := c.ServingCertificate("chaos-"+s.trial.Name, nil)
	if err != nil {
		return err
	}
	if s.proxy, err = startProxy(ctx, certificate, url, c.CAFile(), s.trial.HTTP1, direct); err != nil {
		return err
	}
	s.atEnd(s.proxy.Close)
	s.server, s.scene = c.RESTConfig().Host, &store{url, client}
	s.flags = []string{
		"--collector.etcd.endpoints=" + s.proxy.URL(), "--collector.etcd.ca-file=" + c.CAFile(),
		"--collector.etcd.probe-interval=" + etcdInterval.String(),
	}
	return nil
}

// write makes the database larger.
func (s *store) write(ctx context.Context) error {
	for i := range 4 {
		if _, err := s.client.Put(ctx, fmt.Sprintf("large-%d-%d", time.Now().UnixNano(), i), strings.Repeat("x", 1<<20)); err != nil {
			return fmt.Errorf("write to etcd: %w", err)
		}
	}
	return nil
}

func (s *store) change(ctx context.Context) error      { return s.write(ctx) }
func (s *store) changeAgain(ctx context.Context) error { return s.write(ctx) }

// read asks etcd itself.
func (s *store) read(ctx context.Context) (facts, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("truth about etcd: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	metrics, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return nil, fmt.Errorf("truth about etcd: %w", err)
	}
	f := facts{Size: {}}
	for _, m := range metrics[inUse].GetMetric() {
		f[Size][member] = int64(value(m))
	}
	return f, nil
}
