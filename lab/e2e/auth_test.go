package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/process"
)

// guarded is a kubevitals that asks the API server who may read.
type guarded struct {
	*vitals
	base string
}

func startGuarded(t *testing.T, l *lab, name, kubeconfig string, args ...string) guarded {
	t.Helper()
	v, err := startVitals(t.Context(), name, l.LogDir(), kubeconfig, append([]string{"--web.auth-filter"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.stop)
	base, ok := strings.CutSuffix(v.url, "/metrics")
	if !ok || !strings.HasPrefix(base, "https://") {
		t.Fatalf("it serves %s", v.url)
	}
	return guarded{v, base}
}

// get returns the status of an answer, and its text.
func (g guarded) get(ctx context.Context, client *http.Client, path string) (int, string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.base+path, nil)
	if err != nil {
		return 0, err.Error()
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

func (g guarded) wants(t *testing.T, who, token, path string, status int, says string) {
	t.Helper()
	if got, text := g.get(t.Context(), process.Reader(token), path); got != status || !strings.Contains(text, says) {
		t.Errorf("%s gets %d of %s, want %d %q: %.300s", who, got, path, status, says, text)
	}
}

// account makes a service account that may get the paths, and returns its token.
func (l *lab) account(t *testing.T, name string, paths ...string) string {
	t.Helper()
	ctx, meta := t.Context(), metav1.ObjectMeta{Name: name}
	if _, err := l.Client().CoreV1().ServiceAccounts("kubevitals").Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(paths) > 0 {
		role := &rbacv1.ClusterRole{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{{NonResourceURLs: paths, Verbs: []string{"get"}}}}
		binding := &rbacv1.ClusterRoleBinding{
			ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
			Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: name, Namespace: "kubevitals"}},
		}
		_, err := l.Client().RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{})
		_, err2 := l.Client().RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{})
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
	}
	return l.token(t, name)
}

// token makes a token of a service account, as kubectl create token does.
func (l *lab) token(t *testing.T, name string) string {
	t.Helper()
	made, err := l.Client().CoreV1().ServiceAccounts("kubevitals").CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made.Status.Token
}

// TestWhoMayRead verifies on a real API server who is let in, by the roles that are
// shipped and by others, what a token costs that many present at once, and for how long one
// lasts that was revoked.
func TestWhoMayRead(t *testing.T) {
	// Without kubelets, which make reviews, too.
	l := ownLab(t, 0)
	g := startGuarded(t, l, "guarded", l.kubeconfig)
	shipped := l.token(t, "kubevitals-reader")
	for _, path := range []string{"/metrics", "/", "/runbooks/", "/runbooks/KubeVitalsDown", "/static/style.css", "/api/v1/incidents"} {
		g.wants(t, "who has no token", "", path, http.StatusUnauthorized, "create token kubevitals-reader")
		g.wants(t, "a forger", shipped[:len(shipped)-2]+"xx", path, http.StatusUnauthorized, "")
	}
	for _, path := range []string{"/metrics", "/", "/runbooks/", "/runbooks/KubeVitalsDown"} {
		g.wants(t, "the shipped reader", shipped, path, http.StatusOK, "kubevitals")
	}
	g.wants(t, "the shipped reader", shipped, "/api/v1/incidents", http.StatusOK, `"incidents": [`)
	g.wants(t, "the shipped reader", shipped, "/debug/pprof/", http.StatusForbidden, "kubevitals-reader")
	scraper := l.account(t, "scraper", "/metrics")
	g.wants(t, "a Prometheus", scraper, "/metrics", http.StatusOK, "kubevitals_")
	g.wants(t, "a Prometheus", scraper, "/", http.StatusForbidden, `"system:serviceaccount:kubevitals:scraper" may not get /.`)
	g.wants(t, "who has no rights", l.account(t, "nobody"), "/metrics", http.StatusForbidden, "may not get /metrics")
	g.wants(t, "a kubelet", "", "/livez", http.StatusOK, "ok")

	before := l.reviews(t)
	const requests = 1000
	many := process.Reader(l.account(t, "crowd", "/"))
	var wait sync.WaitGroup
	var ok atomic.Int32
	for range requests {
		wait.Go(func() {
			if status, _ := g.get(t.Context(), many, "/"); status == http.StatusOK {
				ok.Add(1)
			}
		})
	}
	wait.Wait()
	made := l.reviews(t)
	tokens, rights := made["tokenreviews"]-before["tokenreviews"], made["subjectaccessreviews"]-before["subjectaccessreviews"]
	t.Logf("%d of %d parallel requests were let in, by %v TokenReviews and %v SubjectAccessReviews", ok.Load(), requests, tokens, rights)
	// Also of the folders that a page needs; and once more if the requests took a minute.
	if ok.Load() != requests || tokens > 2 || rights > 6 || tokens == 0 {
		t.Errorf("%d requests were let in, by %v and %v reviews", ok.Load(), tokens, rights)
	}

	if err := l.Client().CoreV1().ServiceAccounts("kubevitals").Delete(t.Context(), "scraper", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	revoked := time.Now()
	if err := cluster.Eventually(t.Context(), 3*time.Minute, func(ctx context.Context) error {
		if status, _ := g.get(ctx, process.Reader(scraper), "/metrics"); status != http.StatusUnauthorized {
			return fmt.Errorf("a revoked token gets %d", status)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	t.Logf("a revoked token is refused after %s", time.Since(revoked).Round(time.Second))

	l.account(t, "rightless")
	kubeconfig, err := l.ServiceAccountKubeconfig(t.Context(), "kubevitals", "rightless")
	if err != nil {
		t.Fatal(err)
	}
	startGuarded(t, l, "rightless", kubeconfig).wants(t, "the shipped reader", shipped, "/metrics", http.StatusServiceUnavailable, "kubevitals-auth")
}

// reviews are how many of each kind the API server has made, by its own metrics.
func (l *lab) reviews(t *testing.T) map[string]float64 {
	t.Helper()
	text, err := l.Client().Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		for _, resource := range []string{"tokenreviews", "subjectaccessreviews"} {
			if strings.HasPrefix(line, "apiserver_request_total{") && strings.Contains(line, `resource="`+resource+`"`) {
				var n float64
				if _, err := fmt.Sscan(line[strings.LastIndex(line, " ")+1:], &n); err != nil {
					t.Fatal(err)
				}
				counts[resource] += n
			}
		}
	}
	return counts
}
