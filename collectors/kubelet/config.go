package kubelet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// configLimit bounds the body in bytes; a configuration has a few thousand.
const configLimit = 4 << 20

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
}

func decodeConfig(r io.Reader) (Config, error) {
	var body struct {
		Kubelet *struct {
			Strategy                         string            `json:"configMapAndSecretChangeDetectionStrategy"`
			EvictionHard                     map[string]string `json:"evictionHard"`
			EvictionSoft                     map[string]string `json:"evictionSoft"`
			EvictionMinimumReclaim           map[string]string `json:"evictionMinimumReclaim"`
			EvictionPressureTransitionPeriod metav1.Duration   `json:"evictionPressureTransitionPeriod"`
			ImageGCHighThresholdPercent      *int32            `json:"imageGCHighThresholdPercent"`
			ImageGCLowThresholdPercent       *int32            `json:"imageGCLowThresholdPercent"`
			EnforceNodeAllocatable           []string          `json:"enforceNodeAllocatable"`
			CgroupsPerQOS                    *bool             `json:"cgroupsPerQOS"`
			CgroupDriver                     string            `json:"cgroupDriver"`
			KubeReserved                     map[string]string `json:"kubeReserved"`
			SystemReserved                   map[string]string `json:"systemReserved"`
			EnableSystemLogHandler           *bool             `json:"enableSystemLogHandler"`
			EnableSystemLogQuery             *bool             `json:"enableSystemLogQuery"`
			ClusterDNS                       []string          `json:"clusterDNS"`
			ClusterDomain                    string            `json:"clusterDomain"`
		} `json:"kubeletconfig"`
	}
	if err := json.NewDecoder(r).Decode(&body); err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	k := body.Kubelet
	if k == nil {
		return Config{}, errors.New("no kubeletconfig in the configuration")
	}
	return Config{
		Strategy:                         k.Strategy,
		EvictionHard:                     k.EvictionHard,
		EvictionSoft:                     k.EvictionSoft,
		EvictionMinimumReclaim:           k.EvictionMinimumReclaim,
		EvictionPressureTransitionPeriod: k.EvictionPressureTransitionPeriod.Duration,
		ImageGCHighPercent:               percent(k.ImageGCHighThresholdPercent),
		ImageGCLowPercent:                percent(k.ImageGCLowThresholdPercent),
		EnforceNodeAllocatable:           k.EnforceNodeAllocatable,
		CgroupsPerQOS:                    k.CgroupsPerQOS,
		CgroupDriver:                     k.CgroupDriver,
		KubeReserved:                     k.KubeReserved,
		SystemReserved:                   k.SystemReserved,
		SystemLogQuery:                   isTrue(k.EnableSystemLogHandler) && isTrue(k.EnableSystemLogQuery),
		ClusterDNS:                       k.ClusterDNS,
		ClusterDomain:                    k.ClusterDomain,
	}, nil
}

func isTrue(b *bool) bool { return b != nil && *b }

func percent(p *int32) int32 {
	if p == nil {
		return -1
	}
	return *p
}
