// Package hollow is a real kubelet over a fake container runtime: its API, its
// authentication, its watches, its metrics and its eviction manager are those
// of Kubernetes; containers exist in name only.
package hollow

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
	"k8s.io/component-base/configz"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	fakeremote "k8s.io/cri-client/pkg/fake"
	"k8s.io/klog/v2"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	kubeletapp "k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/features"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	kubeletscheme "k8s.io/kubernetes/pkg/kubelet/apis/config/scheme"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/kubemark"
)

// settings are the command line of a hollow kubelet.
type settings struct {
	name, dir, kubeconfig, clientCA, cert, key, filesystems, memory, failSandboxes, noNetwork, journal, clock, gates string
	port                                                                                                             int
}

// NewCommand returns the command that runs one hollow kubelet.
func NewCommand() *cobra.Command {
	var s settings
	command := &cobra.Command{
		Use: "hollow-kubelet", SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), s) },
	}
	f := command.Flags()
	f.StringVar(&s.name, "name", "", "name of the node")
	f.StringVar(&s.dir, "dir", "", "folder for its state")
	f.StringVar(&s.kubeconfig, "kubeconfig", "", "credentials of the node")
	f.StringVar(&s.clientCA, "client-ca-file", "", "authority of client certificates")
	f.StringVar(&s.cert, "tls-cert-file", "", "serving certificate")
	f.StringVar(&s.key, "tls-private-key-file", "", "its key")
	f.StringVar(&s.filesystems, "filesystems", "", "file with the sizes of its filesystems")
	f.StringVar(&s.memory, "memory", "", "file with how many bytes of its memory are in use")
	f.StringVar(&s.failSandboxes, "fail-sandboxes", "", "file during whose existence no sandbox can be made")
	f.StringVar(&s.noNetwork, "no-network", "", "file during whose existence its runtime has no network")
	f.StringVar(&s.clock, "clock", "", "file with how far its clock is ahead")
	f.StringVar(&s.journal, "journal", "", "file with the journal of its services")
	f.StringVar(&s.gates, "feature-gates", "", "features that are on or off, as a kubelet takes them")
	f.IntVar(&s.port, "port", 0, "port on 127.0.0.1")
	return command
}

func run(ctx context.Context, s settings) error {
	// Without this, a kubelet before 1.36 does not do what enableSystemLogQuery says.
	if err := utilfeature.DefaultMutableFeatureGate.SetFromMap(map[string]bool{string(features.NodeLogQuery): true}); err != nil {
		return fmt.Errorf("feature gates: %w", err)
	}
	if err := utilfeature.DefaultMutableFeatureGate.Set(s.gates); err != nil {
		return fmt.Errorf("feature gates: %w", err)
	}
	flags, config, err := s.config()
	if err != nil {
		return err
	}
	if err := serveJournal(s.dir, s.journal); err != nil {
		return err
	}
	if err := tellClientTTL(s.kubeconfig); err != nil {
		return err
	}
	client, err := s.client("kubelet", 0, nil)
	if err != nil {
		return err
	}
	heartbeat, err := s.client("kubelet-heartbeat", config.NodeStatusUpdateFrequency.Duration, func(c *rest.Config) {
		c.ContentType = runtime.ContentTypeJSON
		c.Wrap(func(next http.RoundTripper) http.RoundTripper { return shifted{next, s.clock} })
	})
	if err != nil {
		return err
	}
	endpoint, err := fakeremote.GenerateEndpoint()
	if err != nil {
		return fmt.Errorf("endpoint of the fake runtime: %w", err)
	}
	containers := fakeremote.NewFakeRemoteRuntime()
	if err := containers.Start(endpoint); err != nil {
		return fmt.Errorf("start the fake runtime: %w", err)
	}
	defer containers.Stop()
	go endWorkers(ctx, containers.RuntimeService)
	go writeLogs(ctx, containers.RuntimeService, filepath.Join(s.dir, "container-logs"))
	go failSandboxes(ctx, containers.RuntimeService, s.failSandboxes)
	go loseNetwork(ctx, containers.RuntimeService, s.noNetwork)
	containers.ImageService.SetFakeFilesystemUsage([]*runtimeapi.FilesystemUsage{{
		Timestamp:  time.Now().UnixNano(),
		FsId:       &runtimeapi.FilesystemIdentifier{Mountpoint: imageMount},
		UsedBytes:  &runtimeapi.UInt64Value{Value: 1 << 30},
		InodesUsed: &runtimeapi.UInt64Value{Value: 1000},
	}})
	service, err := connect(ctx, endpoint)
	if err != nil {
		return fmt.Errorf("connect to the fake runtime: %w", err)
	}
	hollow := kubemark.NewHollowKubelet(flags, config, client, heartbeat,
		&machine{name: s.name, file: s.filesystems, memory: s.memory, started: time.Now()},
		containers.ImageService, service, capacity{cm.NewStubContainerManager()})
	if err := s.makeReal(ctx, hollow, client); err != nil {
		return err
	}
	hollow.Run(ctx)
	return nil
}

// makeReal gives the kubelet what kubemark's lacks: authentication and
// authorization, TLS, /configz, events, and containers that are not ready.
func (s settings) makeReal(ctx context.Context, h *kubemark.HollowKubelet, client *kubernetes.Clientset) error {
	auth, reload, err := kubeletapp.BuildAuth(types.NodeName(s.name), client, *h.KubeletConfiguration)
	if err != nil {
		return fmt.Errorf("authentication: %w", err)
	}
	reload(ctx.Done())
	h.KubeletDeps.Auth = auth
	if h.KubeletDeps.TLSOptions, err = kubeletapp.InitializeTLS(ctx, h.KubeletFlags, h.KubeletConfiguration); err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	h.KubeletDeps.ProbeManager = prober{}
	h.KubeletDeps.EventClient = client.CoreV1()
	h.KubeletDeps.Recorder = nil
	if kmsg, err := os.Open("/dev/kmsg"); err != nil {
		// A real recorder makes the kubelet read the kernel's log, and it refuses
		// to start where it may not.
		klog.FromContext(ctx).Info("no events of this kubelet: /dev/kmsg cannot be read", "err", err)
		h.KubeletDeps.Recorder = &record.FakeRecorder{}
	} else {
		_ = kmsg.Close()
	}
	return publish(h.KubeletConfiguration)
}

// publish registers the configuration with /configz in its external form.
func publish(config *kubeletconfig.KubeletConfiguration) error {
	scheme, _, err := kubeletscheme.NewSchemeAndCodecs()
	if err != nil {
		return fmt.Errorf("scheme of the configuration: %w", err)
	}
	external := &kubeletv1beta1.KubeletConfiguration{}
	if err := scheme.Convert(config, external, nil); err != nil {
		return fmt.Errorf("convert the configuration: %w", err)
	}
	external.SetGroupVersionKind(kubeletv1beta1.SchemeGroupVersion.WithKind("KubeletConfiguration"))
	cz, err := configz.New("kubeletconfig")
	if err != nil {
		return fmt.Errorf("register the configuration: %w", err)
	}
	return setConfig(cz, external)
}

func (s settings) client(agent string, timeout time.Duration, change func(*rest.Config)) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	config.UserAgent, config.Timeout = agent, timeout
	config.QPS, config.Burst = 50, 100
	config.ContentType = "application/vnd.kubernetes.protobuf"
	if change != nil {
		change(config)
	}
	return kubernetes.NewForConfig(config)
}

// StaticPods is where a kubelet with that folder for its state finds static pods.
func StaticPods(dir string) string { return filepath.Join(dir, "manifests") }

// config starts from kubemark's and sets what the tests are about as a real
// installation has it.
func (s settings) config() (*options.KubeletFlags, *kubeletconfig.KubeletConfiguration, error) {
	flags, c := kubemark.GetHollowKubeletConfig(&kubemark.HollowKubeletOptions{
		NodeName: s.name, KubeletPort: s.port, MaxPods: 500,
	})
	// kubemark made temporary folders; ours go away with the cluster.
	_ = os.RemoveAll(flags.RootDirectory)
	flags.RootDirectory = filepath.Join(s.dir, "kubelet")
	c.StaticPodPath, c.PodLogsDir = StaticPods(s.dir), filepath.Join(s.dir, "logs")
	for _, dir := range []string{c.StaticPodPath, c.PodLogsDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, nil, fmt.Errorf("state folder: %w", err)
		}
	}
	// A kubelet refuses a loopback address of its own; one that waits for a cloud
	// provider takes the addresses that it finds in the Node.
	flags.CloudProvider = "external"
	c.Address = "127.0.0.1"
	c.TLSCertFile, c.TLSPrivateKeyFile = s.cert, s.key
	c.Authentication = kubeletconfig.KubeletAuthentication{
		X509:    kubeletconfig.KubeletX509Authentication{ClientCAFile: s.clientCA},
		Webhook: kubeletconfig.KubeletWebhookAuthentication{Enabled: true, CacheTTL: metav1.Duration{Duration: time.Second}},
	}
	c.Authorization = kubeletconfig.KubeletAuthorization{
		Mode: kubeletconfig.KubeletAuthorizationModeWebhook,
		Webhook: kubeletconfig.KubeletWebhookAuthorization{
			CacheAuthorizedTTL: metav1.Duration{Duration: time.Second}, CacheUnauthorizedTTL: metav1.Duration{Duration: time.Second},
		},
	}
	c.ConfigMapAndSecretChangeDetectionStrategy = kubeletconfig.WatchChangeDetectionStrategy
	c.EnableSystemLogHandler, c.EnableSystemLogQuery = true, true
	c.EvictionHard = map[string]string{
		"memory.available": "100Mi", "nodefs.available": "10%", "nodefs.inodesFree": "5%",
		"imagefs.available": "15%", "imagefs.inodesFree": "5%",
	}
	// An object that is not read for five of these is not watched any more.
	c.SyncFrequency.Duration = time.Minute
	c.EvictionPressureTransitionPeriod.Duration = 10 * time.Second
	c.ImageGCHighThresholdPercent, c.ImageGCLowThresholdPercent = 85, 80
	// As a kubelet of kubeadm with something reserved says it; the container manager
	// is a stub, and there are no cgroups.
	c.CgroupsPerQOS, c.EnforceNodeAllocatable = true, []string{"pods"}
	c.KubeReserved = map[string]string{"cpu": "100m"}
	c.ClusterDNS = []string{"10.96.0.10"} // nothing answers there
	c.LocalStorageCapacityIsolation = false
	c.FailCgroupV1 = false
	return flags, c, nil
}
