package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// peer is popeye, and a cluster for it to look at: of one address for all, as popeye keeps
// what the API of an address serves in the home of whoever runs it.
type peer struct {
	binary, folder string
	address        net.Addr
	server         *http.Server
	cluster        atomic.Pointer[cluster]
}

func newPeer(ctx context.Context, binary string) (*peer, error) {
	p := &peer{binary: binary}
	var err error
	if p.folder, err = os.MkdirTemp("", "peer"); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(p.folder))
	}
	p.address = listener.Addr()
	p.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := p.cluster.Load()
		http.StripPrefix(c.prefix(), c).ServeHTTP(w, r)
	})}
	go func() { _ = p.server.Serve(listener) }() // ends with an error always: it was closed
	return p, nil
}

func (p *peer) close() {
	_ = p.server.Close()
	_ = os.RemoveAll(p.folder)
}

// prefix begins the paths of the API, and differs with what that serves.
func (c *cluster) prefix() string {
	if c.hasMetrics() {
		return "/with-metrics"
	}
	return "/without-metrics"
}

var buildVersion = regexp.MustCompile(`(?m)\b(?:mod|dep)\s+github.com/derailed/popeye\s+(\S+)`)

func (p *peer) version(ctx context.Context) (string, error) {
	// The program is the one that whoever runs this names.
	text, err := exec.CommandContext(ctx, "go", "version", "-m", p.binary).Output() //nolint:gosec
	if err != nil {
		return "", fmt.Errorf("version of %s: %w", p.binary, err)
	}
	found := buildVersion.FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("%s does not tell its version", p.binary)
	}
	return string(found[1]), nil
}

const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: case, cluster: {server: "http://%s"}}]
users: [{name: case, user: {}}]
contexts: [{name: case, context: {cluster: case, user: case}}]
current-context: case
`

// ask is all that popeye finds in a dump, in every namespace.
func (p *peer) ask(ctx context.Context, dump string) ([]finding, error) {
	c, err := readCluster(dump)
	if err != nil {
		return nil, err
	}
	p.cluster.Store(c)
	config := filepath.Join(p.folder, "kubeconfig")
	if err := os.WriteFile(config, fmt.Appendf(nil, kubeconfig, p.address.String()+c.prefix()), 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	// As above.
	command := exec.CommandContext(ctx, p.binary, "--kubeconfig="+config, "--all-namespaces", "--lint=info", "--out=jurassic", "--force-exit-zero", "--logs=none") //nolint:gosec
	text, err := command.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%v: %w\n%s", command, err, text)
	}
	return findingsOf(string(text)), nil
}

// finding is a line of a report.
type finding struct {
	code string
	// text has the kind, the object and the container, too.
	text string
}

var (
	colour  = regexp.MustCompile("\x1b\\[[0-9;]*m")
	section = regexp.MustCompile(`^([A-Z]+) [(\[].*[)\]]`)
	object  = regexp.MustCompile(`^  \S (.*?)\.{3,}(\S*)$`)
	message = regexp.MustCompile(`^( +)\S+ \[(POP-\d+)\] (.*)$`)
	inside  = regexp.MustCompile(`^    C (\S+)$`)
)

// findingsOf reads a report, in the form that is without pictures.
func findingsOf(report string) []finding {
	var all []finding
	var kind, name, container string
	for line := range strings.SplitSeq(colour.ReplaceAllString(report, ""), "\n") {
		if m := section.FindStringSubmatch(line); m != nil {
			kind, name, container = m[1], "", ""
		} else if m := object.FindStringSubmatch(line); m != nil {
			name, container = m[1], ""
			if kind == "GENERAL" && m[2] == "E" {
				all = append(all, finding{name, name + ": not found"})
			}
		} else if m := inside.FindStringSubmatch(line); m != nil {
			container = " " + m[1]
		} else if m := message.FindStringSubmatch(line); m != nil {
			if len(m[1]) == len("    ") {
				container = ""
			}
			all = append(all, finding{m[2], kind + " " + name + container + ": " + m[3]})
		}
	}
	return all
}
