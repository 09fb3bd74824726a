package snapshot_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/scheme"
	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/internal/snapshot"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// TestSameFaultInOurOwn verifies that a snapshot of our own of the cluster whose dumps
// TestSameFaultInEachForm reads gives the same answer, and that the cluster itself does.
func TestSameFaultInOurOwn(t *testing.T) {
	t.Parallel()
	o := faulty()
	spec := &fakecluster.Spec{Version: "v1.36.0", APIServers: []fakecluster.APIServer{{Name: "cp-1"}}}
	for _, text := range []string{
		object("v1", "Node", o["a"]), object("v1", "Node", o["b"]), object("v1", "Pod", o["pod"]),
		object("autoscaling/v2", "HorizontalPodAutoscaler", o["hpa2"]),
	} {
		obj, _, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		spec.Objects = append(spec.Objects, obj)
	}
	c, err := fakecluster.Start(t.Context(), spec, fakecluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	live := startReading(t, sources.Config{REST: c.RESTConfig(), Kubelet: kubelet.Options{InsecureSkipVerify: true}}, nil)
	var last []*dto.MetricFamily
	dir := filepath.Join(t.TempDir(), "snapshot")
	if _, err := snapshot.Record(t.Context(), dir, snapshot.RecordOptions{
		REST: c.RESTConfig(), Kubelets: live.options, Window: time.Second,
		Gather:      func(context.Context) ([]*dto.MetricFamily, error) { last = live.settled(t); return last, nil },
		Definitions: collectors.Catalogue(), Version: "test", Now: time.Now, Logger: silent(),
	}); err != nil {
		t.Fatal(err)
	}
	replayed, _, d := replay(t, dir)
	if d.TakenFrom != snapshot.FromManifest {
		t.Errorf("its time is from %s", d.TakenFrom)
	}
	for name, got := range map[string]map[string]float64{"live": samples(last), "from the snapshot": replayed} {
		for sample, value := range theFault() {
			if have, ok := got[sample]; !ok || have != value {
				t.Errorf("%s: %s is %v (there: %t), want %v", name, sample, have, ok, value)
			}
		}
	}
}
