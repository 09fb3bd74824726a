package snapshot

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/health"
)

// serverTimeout bounds the reading of one API server's metrics.
const serverTimeout = time.Minute

// recordServers reads the metrics of the API servers that the samples name, and notes
// what could be asked of them.
func (r *recorder) recordServers(ctx context.Context, families []*dto.MetricFamily) error {
	r.manifest.Questions = questions(families)
	limits := map[string]uint32{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			server := exporter.Label(m, "server")
			if server == "" || !ofServers(f.GetName()) {
				continue
			}
			limits[server] = max(limits[server], 0)
			if f.GetName() == exporter.Namespace+"_watch_streams_limit" {
				limits[server] = uint32(m.GetGauge().GetValue())
			}
		}
	}
	for _, server := range slices.Sorted(maps.Keys(limits)) {
		name := r.names.Text(server)
		folder := filepath.Join(r.dir, "apiservers", name)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		bounds, cancel := context.WithTimeout(ctx, serverTimeout)
		var disk error
		file := filepath.Join(folder, "metrics.gz")
		err := apiserver.ReadMetrics(bounds, r.REST, server, func(body io.Reader) (bad error) {
			disk = writeZipped(file, func(w io.Writer) error { bad = r.names.body(metered(body), w); return nil })
			return bad
		})
		cancel()
		if disk != nil {
			return fmt.Errorf("write the metrics of an API server: %w", disk)
		}
		r.manifest.APIServers[name] = APIServerState{Reason: health.Classify(err), StreamLimit: limits[server]}
		if err != nil {
			if err := os.RemoveAll(file); err != nil {
				return fmt.Errorf("remove half an answer: %w", err)
			}
		}
	}
	return nil
}

// questions are the reasons that samples give for sources that are questions.
func questions(families []*dto.MetricFamily) map[string]health.Reason {
	reasons := map[string]health.Reason{}
	for _, f := range families {
		if f.GetName() != exporter.Namespace+"_source_available" {
			continue
		}
		for _, m := range f.GetMetric() {
			if source := exporter.Label(m, "source"); apiserver.IsAccess(source) {
				reasons[source] = health.Reason(exporter.Label(m, "reason"))
			}
		}
	}
	return reasons
}

// ofServers tells whether the label server of a metric is an API server's.
func ofServers(metric string) bool {
	for _, subsystem := range []string{"apiserver_up", "watch_streams_limit", "metric_cardinality_series"} {
		if metric == exporter.Namespace+"_"+subsystem {
			return true
		}
	}
	return false
}
