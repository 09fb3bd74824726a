package kubelet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// configLimits bound the body: a configuration has a few thousand bytes.
func configLimits() bounded.JSON {
	return bounded.JSON{Bytes: 256 << 10, Depth: 32, Token: 16 << 10}
}

// Config is the part of a kubelet's configuration that collectors read, as the
// kubelet applies it (defaults included). The rest, which may hold credentials,
// is dropped while it is decoded.
type Config struct {
	// Strategy is how changes of ConfigMaps and Secrets reach the node: Watch,
	// Cache or Get.
	Strategy string
	// EvictionHard and EvictionSoft map signals (nodefs.available) to thresholds
	// (10% or 1Gi); see Threshold. A signal that is missing has none.
	EvictionHard, EvictionSoft map[string]string
	// EvictionMinimumReclaim maps signals to what an eviction frees at least.
	EvictionMinimumReclaim map[string]string
	// EvictionPressureTransitionPeriod is how long a pressure condition stays set
	// after its cause is gone.
	EvictionPressureTransitionPeriod time.Duration
	// ImageGCHighPercent and ImageGCLowPercent are the disk usage that starts and
	// ends the garbage collection of images; -1 where the kubelet does not say.
	ImageGCHighPercent, ImageGCLowPercent int32
	// EnforceNodeAllocatable names the limits that the kubelet enforces: pods,
	// system-reserved, kube-reserved, and the latter two with -compressible.
	EnforceNodeAllocatable []string
	// CgroupsPerQOS tells whether pods live in cgroups of their QoS class; nil where
	// the kubelet does not say.
	CgroupsPerQOS *bool
	// CgroupDriver is systemd or cgroupfs, as configured: a runtime that names one
	// overrules it.
	CgroupDriver string
	// KubeReserved and SystemReserved map resources to what pods cannot get, for the
	// sake of Kubernetes' own daemons and of all others.
	KubeReserved, SystemReserved map[string]string
	// SystemLogQuery tells whether the kubelet answers queries for the logs of
	// services of its node.
	SystemLogQuery bool
	// ClusterDNS and ClusterDomain are what pods get as resolver.
	ClusterDNS    []string
	ClusterDomain string
	// Invalid names what the kubelet says that cannot be. It counts as not said.
	Invalid []string
}

// mostConfigs is how many different configurations are looked through.
const mostConfigs = 16

// configs are the different configurations that were read last. The kubelets of a cluster
// have few, so that one of each is kept instead of one of each kubelet.
type configs []Config

// shared returns an equal configuration that is kept already, or keeps this one. Nobody
// changes either.
func (c *configs) shared(one Config) Config {
	for _, kept := range *c {
		if reflect.DeepEqual(kept, one) {
			return kept
		}
	}
	if len(*c) == mostConfigs {
		*c = slices.Delete(*c, 0, 1)
	}
	*c = append(*c, one)
	return one
}

// appliedConfig is what of /configz is read.
type appliedConfig struct {
	Strategy                         string            `json:"configMapAndSecretChangeDetectionStrategy,omitempty"`
	EvictionHard                     map[string]string `json:"evictionHard,omitempty"`
	EvictionSoft                     map[string]string `json:"evictionSoft,omitempty"`
	EvictionMinimumReclaim           map[string]string `json:"evictionMinimumReclaim,omitempty"`
	EvictionPressureTransitionPeriod metav1.Duration   `json:"evictionPressureTransitionPeriod"`
	ImageGCHighThresholdPercent      *int32            `json:"imageGCHighThresholdPercent,omitempty"`
	ImageGCLowThresholdPercent       *int32            `json:"imageGCLowThresholdPercent,omitempty"`
	EnforceNodeAllocatable           []string          `json:"enforceNodeAllocatable,omitempty"`
	CgroupsPerQOS                    *bool             `json:"cgroupsPerQOS,omitempty"`
	CgroupDriver                     string            `json:"cgroupDriver,omitempty"`
	KubeReserved                     map[string]string `json:"kubeReserved,omitempty"`
	SystemReserved                   map[string]string `json:"systemReserved,omitempty"`
	EnableSystemLogHandler           *bool             `json:"enableSystemLogHandler,omitempty"`
	EnableSystemLogQuery             *bool             `json:"enableSystemLogQuery,omitempty"`
	ClusterDNS                       []string          `json:"clusterDNS,omitempty"`
	ClusterDomain                    string            `json:"clusterDomain,omitempty"`
}

// readConfig drops the rest while it decodes.
func readConfig(r io.Reader) (*appliedConfig, error) {
	var body struct {
		Kubelet *appliedConfig `json:"kubeletconfig"`
	}
	if err := json.NewDecoder(configLimits().Reader(r)).Decode(&body); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if body.Kubelet == nil {
		return nil, errors.New("no kubeletconfig in the configuration")
	}
	return body.Kubelet, nil
}

// reduceConfig copies what readConfig reads, but for what no collector of
// scope cluster needs and what tells of the network: the addresses of DNS.
func reduceConfig(r io.Reader, w io.Writer) error {
	k, err := readConfig(r)
	if err != nil {
		return err
	}
	k.ClusterDNS, k.ClusterDomain = nil, ""
	return json.NewEncoder(w).Encode(map[string]*appliedConfig{"kubeletconfig": k})
}

func decodeConfig(r io.Reader) (Config, error) {
	k, err := readConfig(r)
	if err != nil {
		return Config{}, err
	}
	c := Config{
		Strategy:                         k.Strategy,
		EvictionHard:                     k.EvictionHard,
		EvictionSoft:                     k.EvictionSoft,
		EvictionMinimumReclaim:           k.EvictionMinimumReclaim,
		EvictionPressureTransitionPeriod: k.EvictionPressureTransitionPeriod.Duration,
		EnforceNodeAllocatable:           k.EnforceNodeAllocatable,
		CgroupsPerQOS:                    k.CgroupsPerQOS,
		CgroupDriver:                     k.CgroupDriver,
		KubeReserved:                     k.KubeReserved,
		SystemReserved:                   k.SystemReserved,
		SystemLogQuery:                   isTrue(k.EnableSystemLogHandler) && isTrue(k.EnableSystemLogQuery),
		ClusterDNS:                       k.ClusterDNS,
		ClusterDomain:                    k.ClusterDomain,
	}
	c.ImageGCHighPercent = c.percent("imageGCHighThresholdPercent", k.ImageGCHighThresholdPercent)
	c.ImageGCLowPercent = c.percent("imageGCLowThresholdPercent", k.ImageGCLowThresholdPercent)
	return c, nil
}

func isTrue(b *bool) bool { return b != nil && *b }

func (c *Config) percent(name string, p *int32) int32 {
	switch {
	case p == nil:
		return -1
	case *p < 0 || *p > 100:
		c.Invalid = append(c.Invalid, name)
		return -1
	}
	return *p
}
