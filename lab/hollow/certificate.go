package hollow

import (
	"crypto/tls"
	"fmt"
	"math"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/transport"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
	kubeletmetrics "k8s.io/kubernetes/pkg/kubelet/metrics"
)

// tellClientTTL makes the kubelet say for how long its client certificate is valid, by the
// metric that the real one registers with rotateCertificates, and take another one soon
// after it was put in its place. Of an expired one the certificate manager says that there
// is none.
func tellClientTTL(kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	transport.CertCallbackRefreshDuration = time.Second
	legacyregistry.RawMustRegister(metrics.NewGaugeFunc(&metrics.GaugeOpts{
		Subsystem:      kubeletmetrics.KubeletSubsystem,
		Name:           "certificate_manager_client_ttl_seconds",
		Help:           "Gauge of the TTL (time-to-live) of the Kubelet's client certificate.",
		StabilityLevel: metrics.ALPHA,
	}, func() float64 { return secondsLeft(config.CertFile, config.KeyFile) }))
	return nil
}

func secondsLeft(cert, key string) float64 {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil || !time.Now().Before(pair.Leaf.NotAfter) {
		return math.Inf(1)
	}
	return math.Trunc(time.Until(pair.Leaf.NotAfter).Seconds())
}
