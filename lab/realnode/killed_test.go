//go:build linux

package realnode

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// TestKilledLab verifies that nothing survives a lab with a real node that is killed, but
// for what the next start, or kubevitals-lab down, takes away; and that the next lab in the
// same folder is not bothered by it.
func TestKilledLab(t *testing.T) {
	t.Parallel()
	supported(t)
	dir := t.TempDir()
	killed := false
	for attempt := 0; !killed; attempt++ {
		if attempt == 3 {
			t.Fatal("each time, another lab took the place before it was looked at")
		}
		killed = upAndKill(t, dir)
	}
	upAgain(t, dir)
}

// upAndKill kills a lab once its node is ready, and judges what is left; false if another
// lab has taken the place meanwhile, so that nothing can be told.
func upAndKill(t *testing.T, dir string) bool {
	t.Helper()
	u := startUp(t, dir, "--real-nodes=1")
	place := u.place(t)
	theirs := folderOf(t, place)
	_ = u.cmd.Process.Kill()
	_ = u.cmd.Wait()
	// With its lock, nobody else takes the place while it is looked at.
	place, err := take(place.number)
	if err != nil {
		t.Fatal(err)
	}
	if place == nil {
		return false
	}
	if folderOf(t, place) != theirs {
		_ = place.lock.Close()
		return false
	}
	place.onlyRemains(t)
	_ = place.lock.Close()
	if out, err := exec.CommandContext(t.Context(), os.Getenv(cluster.BinaryEnv), "down").CombinedOutput(); err != nil {
		t.Errorf("down: %v: %s", err, out)
	}
	if place, err = take(place.number); err != nil {
		t.Fatal(err)
	}
	if place == nil {
		return false
	}
	defer func() { _ = place.lock.Close() }()
	place.mustBeGone(t)
	return true
}

// folderOf is the inode of the folder of a place, which each lab makes anew; 0 if there
// is none.
func folderOf(t *testing.T, p *Place) uint64 {
	t.Helper()
	var folder syscall.Stat_t
	if err := syscall.Stat(p.dir(), &folder); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return folder.Ino
}

// onlyRemains fails unless there is nothing but a folder, a bridge and empty cgroups, and
// some of it: the kernel ends all processes, and with them go mounts and loop devices,
// which takes it a moment.
func (p *Place) onlyRemains(t *testing.T) {
	t.Helper()
	err := cluster.Eventually(t.Context(), time.Minute, func(context.Context) error {
		for _, left := range p.left(t) {
			if strings.HasSuffix(left, `""`) || left == p.dir() || strings.Contains(left, p.bridge()) {
				continue
			}
			return fmt.Errorf("left behind: %s", left)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if len(p.left(t)) == 0 {
		t.Error("nothing at all is left behind, so that this test cannot tell whether it is taken away")
	}
}

// upAgain starts a lab in the folder of one that was killed, with a hollow node beside the
// real one, and ends it with Ctrl-C.
func upAgain(t *testing.T, dir string) {
	t.Helper()
	u := startUp(t, dir, "--real-nodes=1", "--nodes=1")
	place := u.place(t)
	help := u.until(t, "Ctrl-C ends the cluster")
	if strings.Contains(help, "fault list") {
		t.Errorf("faults are offered where there is nothing to inject them: %s", help)
	}
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "admin.kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pods, err := client.CoreV1().Pods(metav1.NamespaceSystem).List(t.Context(), metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes.Items) != 2 || len(pods.Items) != 2 {
		t.Errorf("%d nodes, want a real and a hollow one; %d pods of cluster DNS, want 2", len(nodes.Items), len(pods.Items))
	}
	for _, p := range pods.Items {
		if p.Spec.NodeName != "real-0" {
			t.Errorf("pod %s of cluster DNS is on %s, where it cannot answer", p.Name, p.Spec.NodeName)
		}
	}
	if err := u.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := u.cmd.Wait(); err != nil {
		t.Errorf("the lab ended with %v", err)
	}
	if again, err := take(place.number); err != nil {
		t.Error(err)
	} else if again != nil { // or else another lab has it, which found it clean, or cleaned it
		again.mustBeGone(t)
		_ = again.lock.Close()
	}
}

// up is a lab that was started as users do.
type up struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner // what it prints
	said  []string
}

func startUp(t *testing.T, dir string, flags ...string) *up {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Getenv(cluster.BinaryEnv), append([]string{"up", "--dir=" + dir}, flags...)...)
	says, prints, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = prints, prints
	if err := errors.Join(cmd.Start(), prints.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); _ = says.Close() })
	return &up{cmd: cmd, lines: bufio.NewScanner(says)}
}

// until returns what it has printed when it comes to that text.
func (u *up) until(t *testing.T, text string) string {
	t.Helper()
	for u.lines.Scan() {
		u.said = append(u.said, u.lines.Text())
		if strings.Contains(u.lines.Text(), text) {
			return strings.Join(u.said, "\n")
		}
	}
	t.Fatalf("the lab does not come to %q: %q", text, u.said)
	return ""
}

// place waits until the node is ready, and returns where that is.
func (u *up) place(t *testing.T) *Place {
	t.Helper()
	u.until(t, " is ready, at ")
	_, address, _ := strings.Cut(u.said[len(u.said)-1], " is ready, at ")
	for number := range places {
		if p := (&Place{number: number}); p.network(0, 2).String() == address {
			return p
		}
	}
	t.Fatalf("no place has the address %s", address)
	return nil
}
