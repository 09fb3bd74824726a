package e2e

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/runbooks"
)

// minExecuted is the share of statements that ran well when the runbooks were
// last changed, in percent. Raise it when more can be run; a runbook that can be
// run no longer must not lower it unseen.
const minExecuted = 72

// statementWithin is how long a statement may take, and neverEnds how long one is waited for
// that does not end, which takes as long each time.
const (
	statementWithin = time.Minute
	neverEnds       = 10 * time.Second
)

// TestRunbooks runs what only reads in all runbooks, as an administrator, with
// labels of what is there. It has a cluster of its own: what it makes there would
// let a kubevitals probe addresses of pods and Services.
func TestRunbooks(t *testing.T) {
	l := startForRunbooks(t)
	t.Run("shipped", l.runShipped)
	t.Run("broken", l.runBroken)
}

func (l *lab) runShipped(t *testing.T) {
	books, err := runbooks.Load(t.Context(), os.Getenv(binaryEnv), l.runbookLabels())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/runbook_excuses.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var excuses []runbooks.Excuse
	if err := yaml.UnmarshalStrict(text, &excuses); err != nil {
		t.Fatal(err)
	}
	report, err := runbooks.Judge(l.runAll(t, l.AdminKubeconfig(), statementWithin, books), excuses)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range report.Faults {
		t.Error(fault)
	}
	share := 100 * report.Run / report.Parsed
	t.Logf("%d runbooks, %d statements: %d ran well (%d %%), %d are excused; %d calls of kubectl ran, %d were checked and not run",
		len(books), report.Parsed, report.Run, share, report.Excused, report.Kubectl, report.Checked)
	for _, class := range slices.Sorted(maps.Keys(report.NotRun)) {
		t.Logf("%4d not run: %s", report.NotRun[class], class)
	}
	if share < minExecuted {
		t.Errorf("%d %% of the statements ran well, want at least %d %%", share, minExecuted)
	}
}

// runBroken shows that each kind of mistake is found.
func (l *lab) runBroken(t *testing.T) {
	account, err := l.ServiceAccountKubeconfig(t.Context(), "kubevitals", "kubevitals")
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range []struct{ name, kubeconfig, script, says string }{
		{"flag", "", "kubectl get nodes --wider", "unknown flag: --wider"},
		{"flag of what is not run", "", "kubectl debug node/node-0 -it --picture=busybox -- date", "unknown flag: --picture"},
		{"printer that is not allowed", "", "kubectl get nodes --show-labels -o custom-columns=A:.metadata.name", "--show-labels"},
		{"kind", "", "kubectl get knodes | head", `resource type "knodes"`},
		{"path of jq", "", "kubectl get nodes -o json | jq '.items.metadata'", "Cannot index array"},
		{"path of jsonpath", "", "A=$(kubectl get nodes -o jsonpath='{.items[9].metadata.name}'); echo \"$A\"", "out of bounds"},
		{"field selector", "", "kubectl get pods -A --field-selector spec.node=node-0", "not supported"},
		{"label selector", "", "kubectl -n kube-system get pods -l k8s-app=kube-dnss", "selects nothing"},
		{"name", "", "kubectl get node 'node-9' | grep Ready", "not found"},
		{"quotes", "", "grep -E 'a|b(' /etc/hostname", "Unmatched"},
		{"variable", "", "echo \"$NOED\"", "NOED: unbound variable"},
		{"after a variable", "", "echo \"$NOED\"\ndate", "the shell ended before"},
		{"right", account, "kubectl get configmaps -A", "forbidden"},
		{"right of another", "", "kubectl auth can-i delete nodes -A --as=system:serviceaccount:kubevitals:kubevitals", "ends with 1"},
		{"program", "", "frobnicate --all", "not known"},
		{"placeholder", "", "NODE='<nod>'", "no value for '<nod>'"},
		{"path on a kubelet", "", "kubectl get --raw /api/v1/nodes/node-0/proxy/stats/summery", "NotFound"},
		{"what never ends", "", "sleep 3600", "does not end"},
	} {
		t.Run(broken.name, func(t *testing.T) {
			kubeconfig := broken.kubeconfig
			if kubeconfig == "" {
				kubeconfig = l.AdminKubeconfig()
			}
			within := statementWithin
			if broken.says == "does not end" {
				within = neverEnds
			}
			book := runbooks.Book{Alert: "Broken", Commands: []runbooks.Command{{Section: "Diagnosis", Step: 1, Script: broken.script}}}
			report, err := runbooks.Judge(l.runAll(t, kubeconfig, within, []runbooks.Book{book}), nil)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(report.Faults, "\n"); !strings.Contains(all, broken.says) {
				t.Errorf("faults %q, want %q", all, broken.says)
			}
		})
	}
}

// runAll runs some runbooks at a time, each statement of which is to end in time.
func (l *lab) runAll(t *testing.T, kubeconfig string, within time.Duration, books []runbooks.Book) []runbooks.Result {
	t.Helper()
	tools := runbooks.Lab{
		Kubectl: os.Getenv(cluster.BinaryEnv), Kubeconfig: kubeconfig, KubeletCA: l.KubeletCAFile(), Timeout: within,
	}
	results, errs := make([][]runbooks.Result, len(books)), make([]error, len(books))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i, book := range books {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i], errs[i] = tools.Run(t.Context(), book)
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(results...)
}
