package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/hollow"
)

// scene is what changes behind the back of the program under test.
type scene interface {
	// change does what is to be seen, and changeAgain does more of it later.
	change(ctx context.Context) error
	changeAgain(ctx context.Context) error
	// read asks directly for what is true now.
	read(ctx context.Context) (facts, error)
}

// disk is the file system of a node with a hollow kubelet, of which a node of the
// trial tells by way of the proxy.
type disk struct {
	cluster *cluster.Cluster
	kubelet *cluster.Kubelet
	node    string
}

const gib = 1 << 30

func (d *disk) set(available uint64) error {
	f := hollow.Healthy()
	f.NodeFS.AvailableBytes = available
	return d.kubelet.SetFilesystems(f)
}

func (d *disk) change(context.Context) error      { return d.set(40 * gib) }
func (d *disk) changeAgain(context.Context) error { return d.set(30 * gib) }

func (d *disk) read(ctx context.Context) (facts, error) {
	body, err := d.cluster.ReadKubelet(ctx, d.kubelet, "/stats/summary")
	if err != nil {
		return nil, fmt.Errorf("truth about %s: %w", d.kubelet.Name, err)
	}
	var summary struct {
		Node struct {
			FS struct {
				AvailableBytes int64 `json:"availableBytes"`
			} `json:"fs"`
		} `json:"node"`
	}
	if err := json.Unmarshal(body, &summary); err != nil {
		return nil, fmt.Errorf("truth about %s: %w", d.kubelet.Name, err)
	}
	return facts{Disk: {d.node: summary.Node.FS.AvailableBytes}}, nil
}

// statsInterval is how often kubelets are asked in trials of them.
const statsInterval = 10 * time.Second

// behindKubelet takes a kubelet that no other trial has and lets a node of the
// trial lead to it through a proxy. The API server is reached directly.
func behindKubelet(ctx context.Context, s *stage) error {
	c := s.campaign.cluster
	var kubelet *cluster.Kubelet
	select {
	case kubelet = <-s.campaign.kubelets:
	case <-ctx.Done():
		return ctx.Err()
	}
	d := &disk{cluster: c, kubelet: kubelet, node: s.world.node(steady)}
	s.atEnd(func() { s.campaign.kubelets <- kubelet })
	if err := d.set(50 * gib); err != nil {
		return err
	}
	certificate, err := c.KubeletServingCertificate("chaos-" + s.trial.Name)
	if err != nil {
		return err
	}
	upstream := fmt.Sprintf("https://127.0.0.1:%d", kubelet.Port)
	named := func(to http.RoundTripper) http.RoundTripper {
		return &renaming{next: to, from: kubelet.Name, to: d.node}
	}
	if s.proxy, err = startProxy(ctx, certificate, upstream, c.KubeletCAFile(), s.trial.HTTP1, named); err != nil {
		return err
	}
	s.atEnd(s.proxy.Close)
	s.server, s.scene = c.RESTConfig().Host, d
	s.flags = []string{"--kubelet.stats-interval=" + statsInterval.String()}
	return s.world.leadTo(ctx, steady, s.proxy.Port())
}
