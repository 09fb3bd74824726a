//go:build linux

package realnode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/tools/image"
)

const (
	prometheusImage   = "registry.example/lab/prometheus:v1"
	prometheusProgram = "prometheus"
)

// prometheusConfig scrapes kubevitals by the names of its Services, which cluster DNS
// resolves, with the token of its own account, and evaluates the rules.
const prometheusConfig = `
global: {scrape_interval: 5s, evaluation_interval: 5s}
rule_files: [/etc/prometheus/alerts.yaml]
scrape_configs:
  - job_name: kubevitals
    honor_labels: true
    scheme: https
    tls_config: {insecure_skip_verify: true}
    authorization: {credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token}
    static_configs: [{targets: ["kubevitals.kubevitals.svc.cluster.local:9899"], labels: {cluster: lab}}]
  - job_name: kubevitals-node
    honor_labels: true
    scheme: https
    tls_config: {insecure_skip_verify: true}
    authorization: {credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token}
    dns_sd_configs: [{names: [kubevitals-node.kubevitals.svc.cluster.local], type: A, port: 9898}]
    relabel_configs: [{target_label: cluster, replacement: lab}]
`

// soonNotReady are the settings of the rules by which a node counts as not ready after
// seconds, as long as a test breaks it; by default it takes a quarter of an hour.
func soonNotReady() []string {
	return []string{"--set", "nodeNotReadySeconds=5", "--set", "alertFor.KubeVitalsNodeNotReady=5s"}
}

// startPrometheus runs a real one in a pod.
func (l *lab) startPrometheus(t *testing.T) {
	l.importImage(t, image.Image{
		Name: prometheusImage, Architecture: runtime.GOARCH, User: "65534:65534",
		Programs: map[string]string{"/prometheus": filepath.Join(l.place.programs, prometheusProgram)}, Entrypoint: []string{"/prometheus"},
	})
	rules, err := exec.CommandContext(t.Context(), l.binary, append([]string{"export", "alerts"}, soonNotReady()...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	config := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: prometheusProgram},
		Data:       map[string]string{"prometheus.yml": prometheusConfig, "alerts.yaml": string(rules)},
	}
	if _, err := l.Client().CoreV1().ConfigMaps(metav1.NamespaceDefault).Create(t.Context(), config, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	l.letRead(t, "default")
	p := pod(prometheusProgram, prometheusImage, func(p *corev1.Pod) {
		p.Spec.AutomountServiceAccountToken = new(true)
		c := &p.Spec.Containers[0]
		c.Args = []string{"--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/data"}
		// More than it takes: what takes more than it asked for is evicted first.
		c.Resources.Requests = corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse("200Mi")}
	})
	mount(p, "/data", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}})
	mount(p, "/etc/prometheus", corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: prometheusProgram}}})
	if err := addPod(p)(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}

// letRead lets a service account of the namespace default read kubevitals, as the documents
// say.
func (l *lab) letRead(t *testing.T, account string) {
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "prometheus-reads-kubevitals"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "kubevitals-reader"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: account, Namespace: metav1.NamespaceDefault}},
	}
	if _, err := l.Client().RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// prometheusScrapes verifies that it reaches all there is to scrape, and that no rule
// fails.
func (l *lab) prometheusScrapes(t *testing.T) {
	err := cluster.Eventually(t.Context(), waitForPods, func(ctx context.Context) error {
		for job, want := range map[string]string{"kubevitals": "1", "kubevitals-node": fmt.Sprint(len(l.place.nodes))} {
			if err := l.query(ctx, fmt.Sprintf("sum(up{job=%q}) == %s", job, want), func(samples []sample) error {
				if len(samples) == 0 {
					return fmt.Errorf("not %s targets of %s are up", want, job)
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return l.rulesEvaluated(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// prometheusSaw verifies that it has recorded what failed since, of the cluster and of
// the agent, and that its rules, which know no --stays, fired for the node.
func (l *lab) prometheusSaw(t *testing.T) {
	for _, expr := range []string{
		`min_over_time(kubevitals_node_readiness_ready{node=%q}[1h]) == 0`,
		`last_over_time(kubevitals_container_runtime_probe_result{node=%q, result!="ok"}[1h]) == 1`,
		`last_over_time(ALERTS{alertname="KubeVitalsNodeNotReady", alertstate="firing", node=%q}[1h])`,
	} {
		expr = fmt.Sprintf(expr, l.node.Name)
		if err := l.query(t.Context(), expr, func(samples []sample) error {
			if len(samples) == 0 {
				return fmt.Errorf("nothing is found of %s", expr)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

// rulesEvaluated fails unless all rules were evaluated without an error.
func (l *lab) rulesEvaluated(ctx context.Context) error {
	return rulesEvaluatedBy(ctx, l.askPrometheus)
}

// rulesEvaluatedBy does the same of the Prometheus that is asked.
func rulesEvaluatedBy(ctx context.Context, ask func(ctx context.Context, path string, data any) error) error {
	var told struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	if err := ask(ctx, "/api/v1/rules", &told); err != nil {
		return err
	}
	n := 0
	for _, g := range told.Groups {
		for _, r := range g.Rules {
			n++
			if r.Health != "ok" {
				return fmt.Errorf("rule %s: %s %s", r.Name, r.Health, r.LastError)
			}
		}
	}
	if n < 100 {
		return fmt.Errorf("only %d rules", n)
	}
	return nil
}

// sample is one of a query's.
type sample struct{ Metric map[string]string }

func queryPath(expr string) string { return "/api/v1/query?query=" + url.QueryEscape(expr) }

func (l *lab) query(ctx context.Context, expr string, judge func([]sample) error) error {
	var told struct{ Result []sample }
	if err := l.askPrometheus(ctx, queryPath(expr), &told); err != nil {
		return err
	}
	return judge(told.Result)
}

// askPrometheus decodes the data of an answer.
func (l *lab) askPrometheus(ctx context.Context, path string, data any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	p, err := l.Client().CoreV1().Pods(metav1.NamespaceDefault).Get(ctx, prometheusProgram, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if p.Status.PodIP == "" {
		return errors.New("no address yet")
	}
	return askPrometheusAt(ctx, p.Status.PodIP, path, data)
}

// askPrometheusAt decodes the data of an answer of the Prometheus at that address.
func askPrometheusAt(ctx context.Context, address, path string, data any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(address, "9090")+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("prometheus: %s", response.Status)
	}
	return json.NewDecoder(response.Body).Decode(&struct{ Data any }{data})
}
