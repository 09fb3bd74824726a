package matrix

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/process"
)

// daemon is a program that serves on loopback.
type daemon struct {
	cmd *exec.Cmd
	url string
}

func (d *daemon) stop() {
	if d != nil {
		process.Kill(d.cmd)
	}
}

// startDaemon starts a program and waits until it says at /-/ready that it is.
func startDaemon(ctx context.Context, dir, binary string, port int, args ...string) (*daemon, error) {
	name := filepath.Base(binary)
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", name, err)
	}
	defer func() { _ = log.Close() }()
	d := &daemon{url: fmt.Sprintf("http://127.0.0.1:%d", port), cmd: process.Command(binary, log, append(args, fmt.Sprintf("--web.listen-address=127.0.0.1:%d", port))...)}
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	err = cluster.Eventually(ctx, time.Minute, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/-/ready", http.NoBody)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", name, answer.Status)
		}
		return nil
	})
	if err != nil {
		d.stop()
		return nil, fmt.Errorf("%s is not ready: %w; see %s", name, err, log.Name())
	}
	return d, nil
}

// interval is how often kubevitals is scraped, and evaluation how often rules are.
const (
	interval   = 2 * time.Second
	evaluation = time.Second
)

// startPrometheus scrapes kubevitals, and what users scrape themselves and the rules read.
func (b *bench) startPrometheus(ctx context.Context, binary, rules string, port, alertmanager int) (*daemon, error) {
	cert, key := b.lab.AdminFiles()
	tls := func(authority string) string {
		return fmt.Sprintf("scheme: https\n    tls_config: {ca_file: %q, cert_file: %q, key_file: %q}", authority, cert, key)
	}
	static := func(address, labels string) string {
		return fmt.Sprintf("static_configs: [{targets: [%q], labels: {cluster: lab%s}}]", address, labels)
	}
	text := fmt.Sprintf(`global: {scrape_interval: %[1]s, scrape_timeout: %[1]s, evaluation_interval: %[2]s}
rule_files: [%[3]q]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:%[4]d"]}]}]}
scrape_configs:
  - job_name: kubevitals
    honor_labels: true
    %[5]s
  - job_name: apiserver
    scrape_interval: 10s
    %[6]s
    %[7]s
`, interval, evaluation, rules, alertmanager, static(b.exporter.address, ""),
		tls(b.lab.CAFile()), static(strings.TrimPrefix(b.lab.RESTConfig().Host, "https://"), ""))
	text += fmt.Sprintf("  - job_name: kubelet\n    scrape_interval: 10s\n    %s\n    static_configs:\n", tls(b.lab.KubeletCAFile()))
	for _, k := range b.lab.Kubelets() {
		text += fmt.Sprintf("      - {targets: [\"127.0.0.1:%d\"], labels: {cluster: lab, node: %s}}\n", k.Port, k.Name)
	}
	if b.lab.DNS != nil {
		address := strings.TrimSuffix(strings.TrimPrefix(b.lab.DNS.Metrics, "http://"), "/metrics")
		text += fmt.Sprintf("  - job_name: coredns\n    %s\n", static(address, ""))
	}
	config := filepath.Join(b.dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("configuration of Prometheus: %w", err)
	}
	return startDaemon(ctx, b.dir, binary, port, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(b.dir, "prometheus"))
}

// What Alertmanager waits for, shortened as the rules are: by default it is 30 s, and 5 m.
var (
	groupWait     = short(30 * time.Second)
	groupInterval = short(5 * time.Minute)
)

// startAlertmanager is told what the export says, and sends what is above info.
func (b *bench) startAlertmanager(ctx context.Context, binary string, r *rules, port int) (*daemon, error) {
	text := fmt.Sprintf(`route:
  receiver: on-call
  group_by: %s
  group_wait: %s
  group_interval: %s
  repeat_interval: 4h
  routes: [{receiver: none, matchers: ['severity="info"']}]
receivers:
  - name: none
  - name: on-call
    webhook_configs: [{url: %q, send_resolved: true}]
`, r.groupBy, groupWait, groupInterval, b.receiver.url())
	config := filepath.Join(b.dir, "alertmanager.yml")
	if err := os.WriteFile(config, append([]byte(text), r.inhibition...), 0o600); err != nil {
		return nil, fmt.Errorf("configuration of Alertmanager: %w", err)
	}
	return startDaemon(ctx, b.dir, binary, port, "--config.file="+config, "--storage.path="+filepath.Join(b.dir, "alertmanager"), "--cluster.listen-address=")
}

// exporter is the kubevitals that is watched.
type exporter struct {
	binary, address, log string
	flags                []string
	cmd                  *exec.Cmd
}

// Start starts it at the address that it had before.
func (e *exporter) Start(ctx context.Context) error {
	log, err := os.OpenFile(e.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("log of kubevitals: %w", err)
	}
	defer func() { _ = log.Close() }()
	e.cmd, _, err = process.KubevitalsAt(ctx, e.address, e.binary, log, nil, e.flags...)
	return err
}

// Stop ends it.
func (e *exporter) Stop() {
	if e.cmd != nil {
		process.Kill(e.cmd)
		e.cmd = nil
	}
}
