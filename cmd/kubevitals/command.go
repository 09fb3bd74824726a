package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	promslogflag "github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/terminal"
	pages "github.com/kubevitals/kubevitals/internal/web"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

const help = `Turns the failure modes of a Kubernetes cluster into Prometheus metrics.

Reads the cluster that --kubeconfig names, or else the one it runs in. Never
writes to it, but for renewing one Lease where that exists, and never reads
Secrets or ConfigMaps. Stays up when the cluster does not.

Exit codes: 0 stopped by a signal; 1 failed while serving; 2 bad flag; 3 a file
that cannot be used (kubeconfig, CA, web configuration); 4 a listen address that
cannot be used.`

// defaultListen is the address that --web.listen-address has by default.
const defaultListen = ":9899"

// command is the command line: what it declares and, once parsed, its values.
type command struct {
	app    *kingpin.Application
	stdin  io.Reader
	stdout io.Writer

	kubeconfig, context string
	clusterName         string
	demo                bool
	snapshot            string
	taking              taking

	timeout, timeoutOffset time.Duration
	maxRequests            int
	web                    *web.FlagConfig
	healthAddress          string
	auth                   auth
	log                    *promslog.Config
	logLevelSet            bool
	line                   *terminal.StatusLine

	host         sources.HostConfig
	kubelet      kubelet.Options
	addressTypes string
	selection    *collectors.Selection
	export       exportOptions
	checking     checking
	explaining   explaining
	comparing    comparing
	listing      listing
	assisting    assisting
	shell        string
	sharding     sharding
	keeping      keeping
	elsewhere    pages.Elsewhere
	// shard is what of the cluster is served; only serve divides it.
	shard exporter.Shard
}

func newCommand(stdout, stderr io.Writer) *command {
	c := &command{app: kingpin.New("kubevitals", help), stdin: os.Stdin, stdout: stdout, log: &promslog.Config{}}
	c.app.UsageTemplate(usageTemplate()).UsageWriter(stdout).ErrorWriter(stderr).HelpFlag.Short('h').
		Help("Show context-sensitive help (also try --help-long).")
	c.app.Version(version.Print("kubevitals")).VersionFlag.Help("Show the version and exit.")
	c.clusterFlags()
	c.snapshotFlags()
	c.webFlags()
	c.hostFlags()
	c.kubeletFlags()
	c.sharding.flags(c.app)
	c.keeping.flags(c.app)
	promslogflag.AddFlags(c.app, c.log)
	c.app.GetFlag(promslogflag.LevelFlagName).IsSetByUser(&c.logLevelSet)
	c.selection = collectors.Register(c.app, collectors.Catalogue())
	c.app.Command(serveName, "Watch the cluster and serve its metrics; what is done without a command, too.").Default()
	c.checkFlags()
	c.exportCommand()
	c.explainCommand()
	c.diffCommand()
	c.listCommands()
	c.mcpCommand()
	c.shellCommands()
	return c
}

func (c *command) clusterFlags() {
	c.app.Flag("kubeconfig", "Kubeconfig file of the cluster to watch. Without it: the service account of the pod it runs in, then $KUBECONFIG, then ~/.kube/config.").
		PlaceHolder("FILE").StringVar(&c.kubeconfig)
	c.app.Flag("kubeconfig.context", "Context of the kubeconfig to use instead of its current one.").
		PlaceHolder("NAME").StringVar(&c.context)
	c.app.Flag("cluster-name", "Name of the cluster in what people read; best the one that the label cluster has in Prometheus.").
		Default("kubernetes").StringVar(&c.clusterName)
	c.app.Flag("demo", "Watch an embedded sick cluster on loopback; no cluster is needed.").
		BoolVar(&c.demo)
}

func (c *command) webFlags() {
	c.web = kingpinflag.AddFlags(c.app, defaultListen)
	c.app.Flag("web.health-listen-address", "Address on which /livez and /readyz answer whoever asks, in plain HTTP and without credentials, for probes of kubelets where --web.config.file or --web.auth-filter ask for them. They say whether and not why. Without it: only the addresses of --web.listen-address.").
		PlaceHolder("ADDRESS").StringVar(&c.healthAddress)
	c.auth.flags(c.app)
	c.app.Flag("web.mcp", "Answer assistants at /mcp by the Model Context Protocol over streamable HTTP, with tools that only read: what the pages show, for whom may read those. With --web.auth-filter a user needs the verb post on /mcp.").
		BoolVar(&c.assisting.http)
	elsewhereFlags(c.app, &c.elsewhere)
	collectors.Whole(c.app.Flag("web.max-requests", "Concurrent scrapes to serve; more are answered with 503. 0 means no bound.").
		Default("40"), &c.maxRequests)
	c.app.Flag("web.timeout-offset", "Time kept back from Prometheus' scrape timeout for the way back.").
		Default("500ms").DurationVar(&c.timeoutOffset)
	c.app.Flag("collector.timeout", "Longest time that a collector may take in a scrape.").
		Default("10s").DurationVar(&c.timeout)
}

func (c *command) hostFlags() {
	c.app.Flag("host.root", "Where the file system of the host is mounted, for the collectors of scope node.").
		PlaceHolder("DIR").Default("/").StringVar(&c.host.Root)
	c.app.Flag("host.node", "Name of the node this runs on, for the collectors of scope node. Without it: $NODE_NAME, then the host's name.").
		PlaceHolder("NAME").Envar("NODE_NAME").StringVar(&c.host.Node)
}

// hostConfig fills in what the flags leave open.
func (c *command) hostConfig() (sources.HostConfig, error) {
	h := c.host
	if info, err := os.Stat(h.Root); err != nil || !info.IsDir() {
		return h, fmt.Errorf("--host.root: %q is no directory that can be read", h.Root)
	}
	if h.Node == "" {
		name, err := os.Hostname()
		if err != nil {
			return h, fmt.Errorf("--host.node: not given, and the host has no name: %w", err)
		}
		h.Node = strings.ToLower(name)
	}
	return h, nil
}

func (c *command) kubeletFlags() {
	k := &c.kubelet
	c.app.Flag("kubelet.preferred-address-types", "Kinds of node addresses to dial kubelets at, best first, separated by commas.").
		Default("InternalIP,ExternalIP,Hostname").StringVar(&c.addressTypes)
	collectors.Whole(c.app.Flag("kubelet.port", "Port of all kubelets. 0 means the one that each node's status gives.").
		Default("0"), &k.Port)
	c.app.Flag("kubelet.ca-file", "PEM file of the authority that signed the kubelets' serving certificates. Without it: the system's.").
		PlaceHolder("FILE").StringVar(&k.CAFile)
	c.app.Flag("kubelet.insecure-skip-verify", "Do not verify the kubelets' serving certificates. The credentials then go to whoever answers.").
		BoolVar(&k.InsecureSkipVerify)
	c.app.Flag("kubelet.timeout", "Longest time that one request to a kubelet may take.").
		Default("10s").DurationVar(&k.Timeout)
	collectors.Whole(c.app.Flag("kubelet.concurrency", "Kubelets to ask at the same time; check and snapshot ask twice as many.").
		Default("32"), &k.Concurrency)
	c.app.Flag("kubelet.stats-interval", "How often to ask each kubelet for its disk statistics.").
		Default("1m").DurationVar(&k.StatsInterval)
	c.app.Flag("kubelet.metrics-interval", "How often to ask each kubelet for its metrics and configuration.").
		Default("5m").DurationVar(&k.MetricsInterval)
}

// kubeletOptions checks what the flag parser cannot.
func (c *command) kubeletOptions() (kubelet.Options, error) {
	o := c.kubelet
	known := map[corev1.NodeAddressType]bool{
		corev1.NodeInternalIP: true, corev1.NodeExternalIP: true, corev1.NodeHostName: true,
		corev1.NodeInternalDNS: true, corev1.NodeExternalDNS: true,
	}
	for name := range strings.SplitSeq(c.addressTypes, ",") {
		kind := corev1.NodeAddressType(strings.TrimSpace(name))
		if !known[kind] {
			return o, fmt.Errorf("--kubelet.preferred-address-types: unknown kind %q, use InternalIP, ExternalIP, Hostname, InternalDNS or ExternalDNS", name)
		}
		o.PreferredAddressTypes = append(o.PreferredAddressTypes, kind)
	}
	for flag, value := range map[string]time.Duration{
		"--kubelet.timeout": o.Timeout, "--kubelet.stats-interval": o.StatsInterval,
		"--kubelet.metrics-interval": o.MetricsInterval, "--collector.timeout": c.timeout,
	} {
		if value <= 0 {
			return o, fmt.Errorf("%s: %s is not a positive duration", flag, value)
		}
	}
	if o.Concurrency < 1 {
		return o, fmt.Errorf("--kubelet.concurrency: %d is less than 1", o.Concurrency)
	}
	if o.Port < 0 || o.Port > 65535 {
		return o, fmt.Errorf("--kubelet.port: %d is not a port", o.Port)
	}
	return o, nil
}
