package runbooks

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Class says whether a statement is run, and why not.
type Class string

const (
	// Runs is what only reads, and is there in the lab.
	Runs Class = "runs"
	// Changes is what changes the cluster, a machine or a process.
	Changes Class = "changes something"
	// Enters is what needs a container that runs, which the lab has not.
	Enters Class = "enters a container or forwards a port"
	// NodePrograms is what calls a program that belongs to a node or an administrator.
	NodePrograms Class = "calls a program of a node"
	// NodeFiles is what reads a file that only a node has.
	NodeFiles Class = "reads a file of a node"
	// NodePorts is what connects to a port on a node.
	NodePorts Class = "connects to a port of a node"
	// PodPorts is what connects to a port of a pod; pods of the lab have no network.
	PodPorts Class = "connects to a port of a pod"
	// Prometheus is what asks a Prometheus.
	Prometheus Class = "asks Prometheus"
	// Depends is what uses a variable that only a statement sets that is not run.
	Depends Class = "needs what another statement found that is not run"
	// Unknown is what this package does not know.
	Unknown Class = "is not known"
)

var (
	// harmless are programs and builtins that only read and are on every Debian with
	// the packages that `.ci/run` installs.
	harmless = []string{
		"[", "awk", "break", "cat", "comm", "cut", "date", "df", "diff", "du", "echo", "find", "findmnt", "grep", "head", "ip", "jq", "ls",
		"openssl", "paste", "printf", "ps", "read", "sed", "sleep", "sort", "ss", "stat", "tail", "tee", "tr", "uname",
		"uniq", "uptime", "wc",
	}
	// nodePrograms need systemd, a container runtime, etcd, an administrator's rights
	// or packages that few machines have.
	nodePrograms = []string{
		"bridge", "chronyc", "conntrack", "crictl", "dmesg", "etcdctl", "helm", "iptables-save", "journalctl", "kubeadm",
		"last", "lsblk", "nft", "pidof", "ping", "smartctl", "systemctl", "systemd-cgls", "systemd-cgtop", "tcpdump",
		"timedatectl", "traceroute", "wg",
	}
	changing  = []string{"kill", "mkdir", "mv", "reboot", "rm", "rmdir", "sync"}
	nodeFiles = regexp.MustCompile(`/(etc/(kubernetes|cni|sysctl\.d)|opt/cni|run/(containerd|crio|cri-dockerd)|var/(lib/(kubelet|containerd|containers|etcd)|log/pods)|sys/fs/cgroup/(kubepods|memory|systemd))`)
	nodePorts = regexp.MustCompile(`127\.0\.0\.1:|:2380/|/dev/tcp/`)
	podProxy  = regexp.MustCompile(`/pods/\S*/proxy/`)
	reading   = []string{"api-resources", "api-versions", "cluster-info", "describe", "events", "explain", "get", "logs", "top", "version"}
	entering  = []string{"attach", "cp", "debug", "exec", "port-forward", "proxy", "run"}
)

// classify decides of each statement, in their order.
func classify(statements []Statement) []Class {
	classes := make([]Class, len(statements))
	found, missing := slices.Clone(environment), []string{}
	for i, s := range statements {
		classes[i] = classOf(s.stmt)
		n := namesOf(s.stmt)
		if classes[i] == Runs && slices.ContainsFunc(n.used, func(name string) bool {
			return !slices.Contains(found, name) && slices.Contains(missing, name)
		}) {
			classes[i] = Depends
		}
		if s.Section != diagnosis && classes[i] == Runs && !onlySets(s.stmt) {
			classes[i] = Changes
		}
		if classes[i] == Runs {
			found = append(found, n.set...)
		} else {
			missing = append(missing, n.set...)
		}
	}
	return classes
}

// Sections, as they are headed; what stands in text alone is prose.
const (
	diagnosis = "Diagnosis"
	prose     = "prose"
)

// onlySets is whether a statement does nothing but to set variables.
func onlySets(stmt *syntax.Stmt) bool {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) == 0
}

// classOf decides of one statement: it is as bad as the worst call in it. A
// function is only kept; its calls are judged where it is called by its name.
func classOf(stmt *syntax.Stmt) Class {
	if _, ok := stmt.Cmd.(*syntax.FuncDecl); ok {
		return Runs
	}
	class := Runs
	worse := func(c Class) {
		if class == Runs {
			class = c
		}
	}
	syntax.Walk(stmt, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.Stmt:
			if node.Background {
				worse(Enters)
			}
			for _, redirect := range node.Redirs {
				worse(redirected(redirect))
			}
		case *syntax.CallExpr:
			if len(node.Args) > 0 {
				worse(callClass(literals(node)))
			}
		}
		return true
	})
	return class
}

// redirected allows to write where a reader's shell stands, in a temporary
// folder, and nowhere.
func redirected(r *syntax.Redirect) Class {
	target := literal(r.Word.Parts)
	switch {
	case r.Op != syntax.RdrOut && r.Op != syntax.AppOut, target == "/dev/null", strings.HasPrefix(target, "/tmp/"),
		!strings.HasPrefix(target, "/"):
		return Runs
	}
	return Changes
}

// callClass decides of one call.
func callClass(words []string) Class {
	for len(words) > 0 && words[0] == "sudo" {
		words = words[1:]
	}
	if len(words) > 2 && words[0] == "timeout" {
		words = words[2:]
	}
	if len(words) == 0 {
		return Unknown
	}
	name, all := words[0], strings.Join(words, " ")
	switch {
	case name == "kubectl":
		return kubectlClass(words)
	case slices.Contains(changing, name):
		return Changes
	case slices.Contains(nodePrograms, name):
		return NodePrograms
	case nodePorts.MatchString(all):
		return NodePorts
	case name == "find" && (slices.Contains(words, "-exec") || slices.Contains(words, "-delete")):
		return Changes
	case nodeFiles.MatchString(all) && name != "echo":
		return NodeFiles
	case name == "sysctl":
		if slices.ContainsFunc(words, func(w string) bool { return w == "-w" || strings.Contains(w, "=") }) {
			return Changes
		}
		return Runs
	case name == "curl" && strings.Contains(all, "/api/v1/query"):
		return Prometheus
	case name == "xargs" && slices.Contains(words, "date"), name == "curl", slices.Contains(harmless, name):
		return Runs
	case name == "xargs":
		return Changes
	}
	return Unknown
}

// verb returns the words of a call of kubectl from the verb on, without flags.
func verb(words []string) []string {
	var plain []string
	for i := 1; i < len(words); i++ {
		switch w := words[i]; {
		case w == "--":
			return plain
		case w == "-n" || w == "--namespace":
			i++
		case !strings.HasPrefix(w, "-"):
			plain = append(plain, w)
		}
	}
	return plain
}

func kubectlClass(words []string) Class {
	plain := verb(words)
	switch {
	case len(plain) == 0:
		return Unknown
	case podProxy.MatchString(strings.Join(words, " ")):
		return PodPorts
	case slices.Contains(words, "--dry-run=server"), slices.Contains(reading, plain[0]):
		return Runs
	case len(plain) > 1 && slices.Contains([]string{"auth can-i", "auth whoami", "config view"}, plain[0]+" "+plain[1]):
		return Runs
	case slices.Contains(entering, plain[0]):
		return Enters
	}
	return Changes
}
