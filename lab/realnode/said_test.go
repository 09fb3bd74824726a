//go:build linux

package realnode

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// said returns what the platform says of a failure.
func said(t *testing.T, name string) *regexp.Regexp {
	t.Helper()
	text, err := os.ReadFile("testdata/said.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if of, words, _ := strings.Cut(strings.TrimSpace(line), ": "); of == name {
			return regexp.MustCompile(words)
		}
	}
	t.Fatalf("testdata/said.txt has nothing of %q", name)
	return nil
}

// episode is the time from the start of a failure: what was said before is of others.
type episode struct {
	lab   *lab
	since time.Time
	// logs are how long the logs of the node's processes were.
	logs map[string]int64
}

func (l *lab) begin() episode {
	e := episode{l, time.Now(), map[string]int64{}}
	for _, p := range l.node.processes() {
		if info, err := os.Stat(p.LogFile()); err == nil {
			e.logs[p.LogFile()] = info.Size()
		}
	}
	return e
}

func (n *Node) processes() []*cluster.Process {
	return []*cluster.Process{n.Containerd, n.Kubelet, n.Proxy}
}

// says is what the platform says now: conditions of the node, states of pods and
// containers, events, and logs of the node's processes, one a line.
func (e episode) says(ctx context.Context) (string, error) {
	var text strings.Builder
	node, err := e.lab.Client().CoreV1().Nodes().Get(ctx, e.lab.node.Name, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	for _, c := range node.Status.Conditions {
		_, _ = fmt.Fprintln(&text, c.Type, c.Status, c.Reason, c.Message)
	}
	pods, err := e.lab.Client().CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for i := range pods.Items {
		describe(&text, &pods.Items[i])
	}
	events, err := e.lab.Client().CoreV1().Events("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, ev := range events.Items {
		if last := ev.LastTimestamp; last.IsZero() || !last.Time.Before(e.since.Truncate(time.Second)) {
			_, _ = fmt.Fprintln(&text, "event", ev.InvolvedObject.Name, ev.Reason, ev.Message)
		}
	}
	for _, p := range e.lab.node.processes() {
		if err := appendLog(&text, p, e.logs[p.LogFile()]); err != nil {
			return "", err
		}
	}
	return text.String(), nil
}

// describe says of a pod why it failed, and of its containers why they wait or ended.
func describe(text io.Writer, p *corev1.Pod) {
	if p.Status.Reason != "" {
		_, _ = fmt.Fprintln(text, p.Name, p.Status.Phase, p.Status.Reason, p.Status.Message)
	}
	for _, s := range p.Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil {
			_, _ = fmt.Fprintln(text, p.Name, w.Reason, w.Message)
		}
		for _, ended := range []*corev1.ContainerStateTerminated{s.State.Terminated, s.LastTerminationState.Terminated} {
			if ended != nil {
				_, _ = fmt.Fprintln(text, p.Name, ended.Reason, ended.ExitCode)
			}
		}
	}
}

// appendLog writes what a log has got since it was so long.
func appendLog(text io.Writer, p *cluster.Process, from int64) error {
	f, err := os.Open(p.LogFile())
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(text, f)
	return err
}
