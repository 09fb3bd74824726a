package sources

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/logs"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// ComponentLogs reads the logs of the pods of kube-system that are not well.
func (s *Sources) ComponentLogs() *logs.Reader {
	if s.logs == nil {
		pods := s.SystemPods()
		s.asked = append(s.asked, PodLogs)
		s.logs = s.newReader("component_logs", logs.Source{
			Targets: func() ([]logs.Target, error) {
				list, err := pods.List()
				return unhealthyPods(list), err
			},
			Open: s.openLog, Stamp: logs.PodStamp,
		})
	}
	return s.logs
}

// NodeLogs reads the logs of services on nodes that are not well, where the
// kubelets offer them.
func (s *Sources) NodeLogs() *logs.Reader {
	if s.nodeLogs == nil {
		nodes, starts, kubelets := s.Nodes(), s.KubeletStarts(), s.Kubelets()
		kubelets.WantConfig()
		s.asked = append(s.asked, KubeletLogs)
		asked := false // kubelets, which say whether they offer logs
		services := slices.DeleteFunc(slices.Clone(s.config.Logs.NodeServices), func(name string) bool { return name == "" })
		s.nodeLogs = s.newReader("node_logs", logs.Source{
			Targets: func() ([]logs.Target, error) {
				list, err := nodes.List()
				if err != nil {
					return nil, err
				}
				if asked = asked || !kubelets.Starting(); !asked {
					return nil, &health.UnavailableError{State: health.State{Source: "kubelets", Reason: health.Starting}}
				}
				// Without the events those that start over are missed, and no more.
				places, _ := starts.Places()
				return unhealthyNodes(list, places, kubelets.Results(), services, s.Now()), nil
			},
			Open: func(ctx context.Context, node, service string, since time.Time, limit int64) (io.ReadCloser, error) {
				text, err := kubelets.ReadLog(ctx, node, kubelet.LogQuery{
					Service: service, Since: since, Lines: logs.Lines, Bytes: limit,
				})
				switch health.Classify(err) {
				case health.Available, health.Forbidden, health.Unauthorized:
					return io.NopCloser(bytes.NewReader(text)), err
				}
				s.Logger().Debug("no log of a node", "err", err)
				return nil, logs.ErrNoLog
			},
			Stamp: logs.JournalStamp,
		})
	}
	return s.nodeLogs
}

// newReader returns a reader that runs, and whose rounds are a source by that
// name.
func (s *Sources) newReader(name string, source logs.Source) *logs.Reader {
	source.Report = reportTo(s.newHealth(name))
	r := logs.NewReader(s.config.Logs, source, s.config.Logger, s.config.Now)
	s.runs = append(s.runs, r.Run)
	return r
}

// openLog opens the log of a container in kube-system; of one that waits to be
// started again it is that of the last run.
func (s *Sources) openLog(ctx context.Context, pod, container string, since time.Time, limit int64) (io.ReadCloser, error) {
	from, lines := metav1.NewTime(since), int64(logs.Lines)
	options := &corev1.PodLogOptions{Container: container, SinceTime: &from, Timestamps: true, TailLines: &lines, LimitBytes: &limit}
	log, err := s.clients.groups[corev1.SchemeGroupVersion].Get().Namespace(metav1.NamespaceSystem).Resource("pods").Name(pod).SubResource("log").
		VersionedParams(options, scheme.ParameterCodec).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("pod %s: %w", pod, err)
	}
	return log, nil
}

// unhealthyNodes are those that are not ready or whose kubelet started lately.
// Those whose kubelet does not offer logs, or does not answer, have none.
func unhealthyNodes(nodes []*corev1.Node, starts map[events.Place]events.Occurrence, kubelets []*kubelet.Result, services []string, now time.Time) []logs.Target {
	recent := map[string]bool{}
	for place, o := range starts {
		recent[place.Node] = now.Sub(o.Last) < logs.LookBack
	}
	offers := map[string]bool{}
	for _, k := range kubelets {
		offers[k.Node] = k.Config.Reason == health.Available && k.Config.Value.SystemLogQuery
	}
	var unhealthy []logs.Target
	for _, node := range nodes {
		ready := ConditionOf(node, corev1.NodeReady)
		if ready != nil && ready.Status == corev1.ConditionTrue && !recent[node.Name] {
			continue
		}
		t := logs.Target{Name: node.Name, Node: node.Name, Logs: map[string]string{}}
		if offers[node.Name] {
			for _, service := range services {
				t.Logs[service] = service
			}
		}
		unhealthy = append(unhealthy, t)
	}
	return unhealthy
}

// logComponents are the components whose logs are told apart; the logs of others
// are read as "other".
func logComponents() []string {
	return []string{
		"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kube-proxy",
		string(AddonDNS), string(AddonMetricsServer), string(AddonDashboard),
	}
}

// unhealthyPods are those of the pods whose logs are worth reading.
func unhealthyPods(pods []SystemPod) []logs.Target {
	var unhealthy []logs.Target
	for _, p := range pods {
		if p.Done || (p.Ready && p.Crash == nil) || p.Node == "" {
			continue
		}
		component := "other"
		for _, known := range logComponents() {
			if p.Component == known {
				component = known
			}
		}
		byContainer := make(map[string]string, len(p.Containers))
		for _, container := range p.Containers {
			byContainer[container] = component
		}
		unhealthy = append(unhealthy, logs.Target{Name: p.Name, Logs: byContainer})
	}
	return unhealthy
}
