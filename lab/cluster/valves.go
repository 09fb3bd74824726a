package cluster

import (
	"context"
	"strconv"
	"strings"

	"github.com/kubevitals/kubevitals/lab/valve"
)

// valves are where connections can be kept back; none without Options.Valves.
type valves struct {
	etcd     *valve.Valve
	kubelets map[string]*valve.Valve // by the name of the node
}

// addValves starts them before what connects through them is written down.
func (c *Cluster) addValves(ctx context.Context) error {
	if !c.options.Valves {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	var err error
	if c.valves.etcd, err = valve.Start(ctx, strings.TrimPrefix(c.EtcdURL(), "http://")); err != nil {
		return err
	}
	c.valves.kubelets = map[string]*valve.Valve{}
	for i := range c.options.Nodes {
		v, err := valve.Start(ctx, strings.TrimPrefix(c.server(), "https://"))
		if err != nil {
			return err
		}
		c.valves.kubelets[nodeName(i)] = v
	}
	return nil
}

// nodePrefix begins the names of hollow nodes.
const nodePrefix = "node-"

func nodeName(i int) string { return nodePrefix + strconv.Itoa(i) }

// EtcdValve is what the API server reaches etcd by; nil without Options.Valves.
func (c *Cluster) EtcdValve() *valve.Valve { return c.valves.etcd }

// KubeletValve is what the kubelet of the node reaches the API server by; nil without
// Options.Valves.
func (c *Cluster) KubeletValve(node string) *valve.Valve { return c.valves.kubelets[node] }

// etcdServer is where the API server finds etcd.
func (c *Cluster) etcdServer() string {
	if c.valves.etcd != nil {
		return "http://" + c.valves.etcd.Address()
	}
	return c.EtcdURL()
}

// serverOf is where the kubelet of a node finds the API server.
func (c *Cluster) serverOf(node string) string {
	if v := c.valves.kubelets[node]; v != nil {
		return "https://" + v.Address()
	}
	return c.server()
}

func (v *valves) close() {
	if v.etcd != nil {
		v.etcd.Close()
	}
	for _, k := range v.kubelets {
		k.Close()
	}
}
