package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// proxyAccount makes the service account of kube-proxy, with the rights that
// Kubernetes itself keeps for it, and returns its kubeconfig.
func proxyAccount(ctx context.Context, t *testing.T) string {
	t.Helper()
	name := metav1.ObjectMeta{Name: "kube-proxy"}
	accounts, bindings := shared.Client().CoreV1().ServiceAccounts("kube-system"), shared.Client().RbacV1().ClusterRoleBindings()
	if _, err := accounts.Create(ctx, &corev1.ServiceAccount{ObjectMeta: name}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = accounts.Delete(context.WithoutCancel(ctx), name.Name, metav1.DeleteOptions{}) })
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: name,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:node-proxier"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: name.Name, Namespace: "kube-system"}},
	}
	if _, err := bindings.Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bindings.Delete(context.WithoutCancel(ctx), name.Name, metav1.DeleteOptions{}) })
	kubeconfig, err := shared.ServiceAccountKubeconfig(ctx, "kube-system", name.Name)
	if err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

// fragile puts an iptables-restore before the real one that fails while the file
// exists, and returns the file and the PATH.
func fragile(t *testing.T) (file, path string) {
	t.Helper()
	dir := t.TempDir()
	file = filepath.Join(dir, "fail")
	for _, program := range []string{"iptables-restore", "ip6tables-restore"} {
		installed, err := exec.LookPath(program)
		if err != nil {
			t.Skipf("kube-proxy writes rules with %s, which is not installed", program)
		}
		script := fmt.Sprintf("#!/bin/sh\nif [ -e %s ]; then echo 'line 1 failed' >&2; exit 1; fi\nexec %s \"$@\"\n", file, installed)
		if err := os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return file, dir + ":" + os.Getenv("PATH")
}

// run starts a program in the namespace, to be killed in the end.
func (n *namespace) run(t *testing.T, name, path string, command ...string) *os.Process {
	t.Helper()
	log, err := os.Create(filepath.Join(shared.LogDir(), name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, append(os.Environ(), "PATH="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	n.do(func() { err = cmd.Start() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process
}

// start starts a command in the namespace.
func (n *namespace) start(cmd *exec.Cmd) (err error) {
	n.do(func() { err = cmd.Start() })
	return err
}

// wantFound fails unless a check in the namespace names the alert.
func (n *namespace) wantFound(ctx context.Context, t *testing.T, f firing, flags []string) {
	t.Helper()
	err := cluster.Eventually(ctx, time.Minute, func(ctx context.Context) error {
		looked, err := check(ctx, n.start, flags...)
		if err == nil {
			err = looked.mustName(f)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestKubeProxy runs the real kube-proxy in a network namespace, with an agent
// beside it: while it is well, while the kernel's tools refuse its rules, and
// after it is stopped.
func TestKubeProxy(t *testing.T) {
	n := newNamespace(t)
	fail, path := fragile(t)
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	server, err := url.Parse(shared.RESTConfig().Host)
	if err != nil {
		t.Fatal(err)
	}
	n.relay(t, server.Host)
	kubeconfig := proxyAccount(ctx, t)
	proxy := n.run(t, "kube-proxy", path, cluster.ComponentsBinary(), cluster.Proxy, "--kubeconfig="+kubeconfig, "--proxy-mode=iptables",
		"--hostname-override=node-0", "--bind-address=127.0.0.1", "--iptables-sync-period=2s", "--iptables-min-sync-period=0s",
		"--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0")
	flags := []string{
		"--scope=node", "--host.node=node-0", "--kubeconfig=" + kubeconfig,
		"--collector.kube_proxy.probe-interval=1s", "--collector.kube_proxy.probe-timeout=1s",
	}
	n.run(t, "agent", path, append([]string{os.Getenv(binaryEnv), "--web.listen-address=127.0.0.1:9898"}, flags...)...)
	a := &agent{client: &http.Client{Transport: &http.Transport{DialContext: n.dial, DisableKeepAlives: true}}}

	a.until(ctx, t, "kube-proxy writes its rules", func(s samples) bool {
		return s.sum("kube_proxy_up") == 1 && s.sum("kube_proxy_rules_healthy", "ip_family", "IPv4") == 1 &&
			s.sum("kube_proxy_mode", "mode", "iptables") == 1 && s.sum("kube_proxy_last_applied_timestamp_seconds", "ip_family", "IPv4") > 0
	})
	if err := os.WriteFile(fail, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	service(ctx, t)
	a.until(ctx, t, "its rules are refused, and it says so", func(s samples) bool {
		return s.sum("kube_proxy_up") == 1 && len(s.all("kube_proxy_rules_healthy", "ip_family", "IPv4")) == 1 &&
			s.sum("kube_proxy_rules_healthy", "ip_family", "IPv4") == 0 &&
			s.sum("kube_proxy_sync_failures_total", "ip_family", "IPv4", "kind", "restore") > 0
	})
	n.wantFound(ctx, t, firing{"KubeVitalsKubeProxyRulesStale", "node", "node-0"}, flags)
	if err := os.Remove(fail); err != nil {
		t.Fatal(err)
	}
	a.until(ctx, t, "its rules are taken again", func(s samples) bool {
		return s.sum("kube_proxy_rules_healthy", "ip_family", "IPv4") == 1
	})
	if err := proxy.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	a.until(ctx, t, "it hangs", func(s samples) bool {
		return len(s.all("kube_proxy_up")) == 1 && s.sum("kube_proxy_up") == 0 &&
			s.sum("kube_proxy_probe_result", "probe", "livez", "result", "timeout") == 1
	})
	// That nothing answers is no fault where something else does the work of
	// kube-proxy: a look without a memory knows by the rules in the kernel.
	down := firing{"KubeVitalsKubeProxyDown", "node", "node-0"}
	n.wantFound(ctx, t, down, flags)
	if err := proxy.Kill(); err != nil {
		t.Fatal(err)
	}
	a.until(ctx, t, "it is dead", func(s samples) bool {
		return s.sum("kube_proxy_probe_result", "probe", "livez", "result", "unreachable") == 1 &&
			len(s.all("kube_proxy_rules_healthy")) == 0 && s.sum("kube_proxy_trace", "trace", "iptables") == 1
	})
	n.wantFound(ctx, t, down, flags)
	a.until(ctx, t, "the agent reaches the API server, which is relayed", func(s samples) bool {
		return s.sum("node_apiserver_reachable", "node", "node-0") == 1
	})
}

// service makes a change that kube-proxy must write.
func service(ctx context.Context, t *testing.T) {
	t.Helper()
	services := shared.Client().CoreV1().Services("default")
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "proxied"}}
	s.Spec.Ports = []corev1.ServicePort{{Port: 80}}
	if _, err := services.Create(ctx, s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = services.Delete(context.WithoutCancel(ctx), s.Name, metav1.DeleteOptions{}) })
}

// agent is a kubevitals of node scope in a namespace.
type agent struct{ client *http.Client }

// until scrapes until what is scraped is good.
func (a *agent) until(ctx context.Context, t *testing.T, what string, good func(samples) bool) {
	t.Helper()
	var last error
	for {
		s, err := a.scrape(ctx)
		if err == nil && good(s) {
			return
		}
		last = err
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not in time (%v); logs are in %s", what, last, shared.LogDir())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (a *agent) scrape(ctx context.Context) (samples, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:9898/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(response.Body)
}
