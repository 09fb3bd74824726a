package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestClusterComesUpAndGoesAway starts a cluster, kills and restarts its API
// server, and looks for what is left after the end.
func TestClusterComesUpAndGoesAway(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c, err := Start(ctx, Options{Nodes: 1, Logf: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	if err := c.nodeReady(ctx, "node-0"); err != nil {
		t.Error(err)
	}
	server := c.Process(APIServer)
	server.Kill()
	if _, err := c.Client().CoreV1().Nodes().Get(ctx, "node-0", metav1.GetOptions{}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the kill: %v, want connection refused", err)
	}
	if err := server.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.nodeReady(ctx, "node-0"); err != nil {
		t.Error(err)
	}
	if err := server.launch(); err == nil {
		t.Error("a running component was started twice")
	}

	var pids []int
	for _, p := range c.processes {
		pids = append(pids, p.cmd.Process.Pid)
	}
	c.Stop()
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is left: %v", pid, err)
		}
	}
	if _, err := os.Stat(c.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state folder is left: %v", err)
	}
	for _, port := range []int{c.ports.etcd, c.ports.apiServer, c.kubelets[0].Port} {
		if _, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			t.Errorf("port %d still answers", port)
		}
	}
}

func TestStartWithoutABinary(t *testing.T) {
	t.Setenv(BinaryEnv, "")
	t.Setenv(ComponentsEnv, "")
	if _, err := Start(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), BinaryEnv) {
		t.Errorf("error %v, want one that names %s", err, BinaryEnv)
	}
}

func TestFailedStartKeepsTheLogs(t *testing.T) {
	c, err := Start(t.Context(), Options{Binary: "/bin/false", Dir: t.TempDir()})
	if err == nil {
		c.Stop()
		t.Fatal("a cluster of /bin/false came up")
	}
	if !strings.Contains(err.Error(), Etcd) || !strings.Contains(err.Error(), "logs in") {
		t.Errorf("error %v, want one that names the component and the logs", err)
	}
}
