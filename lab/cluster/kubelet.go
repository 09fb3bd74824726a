package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/lab/component"
	"github.com/kubevitals/kubevitals/lab/hollow"
)

// Kubelet is the hollow kubelet of one node.
type Kubelet struct {
	// Name is the node's.
	Name string
	// Port is where it serves on 127.0.0.1.
	Port    int
	Process *Process

	dir, filesystems, memory, failSandboxes, noNetwork, journal, clock string
}

// SetFilesystems changes what the node says of its disks.
func (k *Kubelet) SetFilesystems(f hollow.Filesystems) error { return f.Write(k.filesystems) }

// FillMemory makes the node use so many bytes of hollow.MemoryBytes, and what it returns as
// many as before.
func (k *Kubelet) FillMemory(bytes uint64) (undo func() error, err error) {
	return func() error { return os.Remove(k.memory) }, os.WriteFile(k.memory, []byte(strconv.FormatUint(bytes, 10)), 0o600)
}

// SetClock makes the clock of the node be ahead by that, or behind if negative.
func (k *Kubelet) SetClock(ahead time.Duration) error {
	return os.WriteFile(k.clock, []byte(ahead.String()), 0o600)
}

// WriteJournal makes the text the journal of the node's services, in the form of
// journalctl --output=short-precise.
func (k *Kubelet) WriteJournal(text string) error {
	return os.WriteFile(k.journal, []byte(text), 0o600)
}

// FailSandboxes makes the node's runtime unable to give pods a network, or able
// again.
func (k *Kubelet) FailSandboxes(fail bool) error { return whether(fail, k.failSandboxes) }

// LoseNetwork makes the node's runtime say that it has no network, so that the node is not
// ready, or that it has one again.
func (k *Kubelet) LoseNetwork(lose bool) error { return whether(lose, k.noNetwork) }

// whether makes a file or removes it.
func whether(there bool, file string) error {
	if there {
		return os.WriteFile(file, nil, 0o600)
	}
	return os.Remove(file)
}

// RunStaticPod gives the kubelet the manifest of a static pod, whose name is that of the pod
// without the node's, and returns what takes it away again.
func (k *Kubelet) RunStaticPod(p *corev1.Pod) (remove func() error, err error) {
	p.APIVersion, p.Kind = "v1", "Pod"
	manifest, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("static pod %s: %w", p.Name, err)
	}
	file := filepath.Join(hollow.StaticPods(k.dir), p.Name+".json")
	if err := os.WriteFile(file, manifest, 0o600); err != nil {
		return nil, fmt.Errorf("static pod %s: %w", p.Name, err)
	}
	return func() error { return os.Remove(file) }, nil
}

func (c *Cluster) newKubelet(name string, port int) (*Kubelet, error) {
	dir := filepath.Join(c.options.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	kubeconfig, err := c.files.kubeconfigOf(c.serverOf(name), name, "system:node:"+name, "system:nodes")
	if err != nil {
		return nil, err
	}
	serving, err := c.files.kubelets.server(name+"-serving", name, "localhost")
	if err != nil {
		return nil, err
	}
	k := &Kubelet{
		Name: name, Port: port, dir: dir,
		filesystems:   filepath.Join(c.options.Dir, name+".filesystems.json"),
		memory:        filepath.Join(c.options.Dir, name+".memory"),
		failSandboxes: filepath.Join(c.options.Dir, name+".fail-sandboxes"),
		noNetwork:     filepath.Join(c.options.Dir, name+".no-network"),
		journal:       filepath.Join(c.options.Dir, name+".journal"),
		clock:         filepath.Join(c.options.Dir, name+".clock"),
	}
	if err := k.WriteJournal(""); err != nil {
		return nil, err
	}
	if err := k.SetFilesystems(hollow.Healthy()); err != nil {
		return nil, err
	}
	k.Process = newProcess(c.options.Binary, c.LogDir(), name, []string{
		component.HollowKubelet, "--name=" + name, "--dir=" + dir, fmt.Sprintf("--port=%d", port),
		"--kubeconfig=" + kubeconfig, "--client-ca-file=" + c.files.caFile,
		"--tls-cert-file=" + serving.cert, "--tls-private-key-file=" + serving.key,
		"--filesystems=" + k.filesystems, "--memory=" + k.memory, "--fail-sandboxes=" + k.failSandboxes, "--no-network=" + k.noNetwork, "--journal=" + k.journal, "--clock=" + k.clock,
		"--feature-gates=" + c.options.KubeletFeatureGates,
	}, func(ctx context.Context) error { return c.nodeReady(ctx, name) })
	return k, nil
}

// ReadKubelet returns what a kubelet answers to an administrator.
func (c *Cluster) ReadKubelet(ctx context.Context, k *Kubelet, path string) ([]byte, error) {
	config := c.RESTConfig()
	config.TLSClientConfig.CAFile, config.TLSClientConfig.CAData = c.files.kubeletCA, nil
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	url := fmt.Sprintf("https://127.0.0.1:%d%s", k.Port, path)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("kubelet of %s: %w", k.Name, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("kubelet of %s: %s: %s", k.Name, path, response.Status)
	}
	return io.ReadAll(response.Body)
}
