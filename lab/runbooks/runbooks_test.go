package runbooks

import (
	"os"
	"strings"
	"testing"
)

// TestShippedParse: all commands of the runbooks that are shipped are bash, use
// no variable that nothing sets, and are known to this package.
func TestShippedParse(t *testing.T) {
	t.Parallel()
	binary := os.Getenv("KUBEVITALS_BINARY")
	if binary == "" {
		t.Skip("no binary that explains runbooks: set KUBEVITALS_BINARY, or run make e2e")
	}
	books, err := Load(t.Context(), binary, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, book := range books {
		statements, err := book.Statements()
		if err != nil {
			t.Error(err)
			continue
		}
		mentions, err := book.Mentions()
		if err != nil {
			t.Error(err)
			continue
		}
		if len(statements) == 0 {
			t.Errorf("%s has no commands", book.Alert)
		}
		for _, problem := range Unset(append(statements, mentions...)) {
			t.Error(problem)
		}
		for i, class := range classify(statements) {
			if class == Unknown {
				t.Errorf("%s: %s", statements[i], class)
			}
		}
	}
}

func statementsOf(t *testing.T, section, script string) []Statement {
	t.Helper()
	statements, err := Book{Alert: "A", Commands: []Command{{Section: section, Script: script}}}.Statements()
	if err != nil {
		t.Fatal(err)
	}
	return statements
}

func TestBroken(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"echo 'a", "if true; do date; fi", "a | | b", "echo $(date", "for i in 1; do date"} {
		if _, err := (Book{Commands: []Command{{Script: script}}}).Statements(); err == nil {
			t.Errorf("%q parses", script)
		}
	}
}

func TestUnset(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ script, want string }{
		{"A=1; echo $A ${A%%/*} \"$A\" $HOME $1 \"$@\"", ""},
		{"for I in 1 2; do echo $I; done", ""},
		{"date | while read -r D; do echo $D; done", ""},
		{"awk '{print $NF $UNSET}'", ""},
		{"echo $B", "$B"},
		{"echo \"$(cat \"${C}\")\"", "$C"},
		{"echo $D; D=1", "$D"},
	} {
		got := strings.Join(Unset(statementsOf(t, diagnosis, test.script)), "\n")
		if (test.want == "") != (got == "") || !strings.HasSuffix(got, test.want) {
			t.Errorf("%q: %q, want %q", test.script, got, test.want)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		section, script string
		want            Class
	}{
		{diagnosis, "kubectl get nodes -o wide | grep -v Ready >/dev/null 2>&1", Runs},
		{diagnosis, "kubectl -n a get pods > pods.txt", Runs},
		{diagnosis, "kubectl -n delete get pods", Runs},
		{diagnosis, "kubectl auth can-i delete nodes", Runs},
		{diagnosis, "kubectl config view", Runs},
		{diagnosis, "kubectl config use-context a", Changes},
		{diagnosis, "kubectl auth reconcile -f a", Changes},
		{diagnosis, "kubectl annotate node a b=c --dry-run=server", Runs},
		{diagnosis, "kubectl annotate node a b=c", Changes},
		{diagnosis, "kubectl --server=https://a delete node b", Changes},
		{diagnosis, "for n in $(kubectl delete node a); do echo; done", Changes},
		{diagnosis, "kubectl debug node/a -- date", Enters},
		{diagnosis, "kubectl -n a exec b -- cat /etc/hosts", Enters},
		{diagnosis, "kubectl port-forward a 1:1 &", Enters},
		{diagnosis, "kubectl get --raw /api/v1/namespaces/a/pods/b:1/proxy/metrics", PodPorts},
		{diagnosis, "sudo openssl x509 -in /etc/kubernetes/pki/ca.crt", NodeFiles},
		{diagnosis, "sudo systemctl restart kubelet", NodePrograms},
		{diagnosis, "timeout 10 crictl ps", NodePrograms},
		{diagnosis, "curl http://127.0.0.1:2381/metrics", NodePorts},
		{diagnosis, "curl -sG $P/api/v1/query --data-urlencode query=up", Prometheus},
		{diagnosis, "sysctl fs.file-max", Runs},
		{diagnosis, "sysctl -w fs.file-max=1", Changes},
		{diagnosis, "sysctl fs.file-max=1", Changes},
		{diagnosis, "find . -name a", Runs},
		{diagnosis, "find . -exec rm {} +", Changes},
		{diagnosis, "echo a | xargs rm", Changes},
		{diagnosis, "echo 3 > /proc/sys/vm/drop_caches", Changes},
		{diagnosis, "rm a", Changes},
		{diagnosis, "sudo mv a b", Changes},
		{diagnosis, "frobnicate", Unknown},
		{diagnosis, "$A b", Unknown},
		{diagnosis, "f() { rm a; }", Runs},
		{"Mitigation", "date", Changes},
		{"Mitigation", "A=1", Runs},
	} {
		if got := classify(statementsOf(t, test.section, test.script))[0]; got != test.want {
			t.Errorf("%q %s, want: %s", test.script, got, test.want)
		}
	}
	classes := classify(statementsOf(t, diagnosis, "A=$(crictl ps); echo $A; B=1; echo $B"))
	if want := []Class{NodePrograms, Depends, Runs, Runs}; len(classes) != 4 || classes[1] != want[1] || classes[3] != want[3] {
		t.Errorf("%v, want %v", classes, want)
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	result := func(text string, status int, stderr string, calls ...Call) Result {
		return Result{Statement: Statement{Section: diagnosis, Text: text}, Class: Runs, Status: status, Stderr: stderr, Calls: calls}
	}
	call := func(status int, stderr string, args ...string) Call {
		return Call{Args: args, Status: status, Stderr: stderr}
	}
	excuse := Excuse{Command: "^kubectl get knights", Says: "^no such kind$", Why: "none"}
	for _, test := range []struct {
		name    string
		result  Result
		excuses []Excuse
		want    string
	}{
		{"well", result("date", 0, "", call(0, "", "date")), nil, ""},
		{"no match", result("grep a b", 1, "", call(1, "", "grep", "a", "b")), nil, ""},
		{"grep that fails", result("grep a b", 2, "", call(2, "", "grep", "a", "b")), nil, "ends with 2"},
		{"reader that has enough", result("a | head", 0, "", call(141, "", "kubectl", "get")), nil, ""},
		{"hidden failure", result("kubectl get x 2>/dev/null | head", 0, "", call(1, "", "kubectl", "get", "x")), nil, "ends with 1"},
		{"guarded", result("cat a || cat b", 0, "", call(1, "", "cat", "a"), call(0, "", "cat", "b")), nil, ""},
		{"words", result("kubectl get x", 0, "Warning: old"), nil, "Warning: old"},
		{"empty", result("kubectl get pvc", 0, "No resources found\n", call(0, "No resources found\n", "kubectl", "get", "pvc")), nil, ""},
		{"process that ended", result("cat /proc/7/comm", 1, "cat: /proc/7/comm: No such file or directory\n",
			call(1, "cat: /proc/7/comm: No such file or directory\n", "cat", "/proc/7/comm")), nil, ""},
		{"excused", result("kubectl get knights", 1, "no such kind\n", call(1, "no such kind\n", "kubectl", "get", "knights")), []Excuse{excuse}, ""},
		{"another reason", result("kubectl get knights", 1, "refused\n", call(1, "refused\n", "kubectl", "get", "knights")), []Excuse{excuse}, "refused"},
		{"needless excuse", result("kubectl get knights", 0, ""), []Excuse{excuse}, "needed by nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			report, err := Judge([]Result{test.result}, test.excuses)
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(report.Faults, "\n")
			if (test.want == "") != (all == "") || !strings.Contains(all, test.want) {
				t.Errorf("faults %q, want %q", all, test.want)
			}
		})
	}
}
