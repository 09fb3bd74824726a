package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/sources/health"
)

// query is one list that collectors read.
type query struct {
	kind kind
	// prefix is the path of the API group and version.
	prefix, plural string
	namespace      string
	fields         string
	labels         string
}

// queries are all lists.
func queries() []query { return append(slowQueries(), liveQueries()...) }

// slowQueries are the lists that take long in a large cluster, or show nothing that
// is old after a minute.
func slowQueries() []query {
	return []query{
		{podKind, "/api/v1", "pods", "", "", ""},
		{eventKind, "/api/v1", "events", "", "type=Warning", ""},
		{eventKind, "/api/v1", "events", "", "reason=Starting,source=kubelet", ""},
		{deploymentKind, "/apis/apps/v1", "deployments", "kube-system", "", ""},
		{daemonSetKind, "/apis/apps/v1", "daemonsets", "kube-system", "", ""},
		{autoscalerKind, "/apis/autoscaling/v2", "horizontalpodautoscalers", "", "", ""},
		{apiServiceKind, "/apis/apiregistration.k8s.io/v1", "apiservices", "", "", ""},
		{endpointSliceKind, "/apis/discovery.k8s.io/v1", "endpointslices", "default", "", "kubernetes.io/service-name=kubernetes"},
	}
}

// liveQueries are the lists that show what is alive.
func liveQueries() []query {
	return []query{
		{nodeMetricsKind, "/apis/metrics.k8s.io/v1beta1", "nodes", "", "", ""},
		{nodeKind, "/api/v1", "nodes", "", "", ""},
		{leaseKind, "/apis/coordination.k8s.io/v1", "leases", "kube-system", "", ""},
		{leaseKind, "/apis/coordination.k8s.io/v1", "leases", "kube-node-lease", "", ""},
	}
}

// narrower are the lists to read instead of one that is refused: rights may hold
// in single namespaces.
func (q query) narrower() []query {
	switch {
	case q.kind == podKind && q.namespace == "":
		system, dashboard := q, q
		system.namespace, dashboard.namespace = "kube-system", dashboardNamespace
		return []query{system, dashboard}
	case q.prefix == "/apis/metrics.k8s.io/v1beta1":
		q.prefix = "/apis/metrics.k8s.io/v1"
		return []query{q}
	}
	return nil
}

func (q query) path() string {
	if q.namespace == "" {
		return q.prefix + "/" + q.plural
	}
	return q.prefix + "/namespaces/" + q.namespace + "/" + q.plural
}

func (r *recorder) recordLists(ctx context.Context, pending []query) error {
	for len(pending) > 0 {
		q := pending[0]
		pending = pending[1:]
		l, err := r.recordList(ctx, q)
		if err != nil {
			return err
		}
		r.note(l)
		if l.Reason == health.Forbidden || l.Reason == health.NotFound {
			pending = append(q.narrower(), pending...)
		}
	}
	return nil
}

// note records what became of a list. Of two readings of the same the one that
// failed counts, but for the versions of one API, of which one is enough.
func (r *recorder) note(l List) {
	for i := range r.manifest.Lists {
		before := &r.manifest.Lists[i]
		if before.Resource != l.Resource || before.Namespace != l.Namespace {
			continue
		}
		l.Items += before.Items
		versions := l.Resource == nodeMetricsKind.key()
		if (before.Reason == health.Available) != versions {
			*before = l
		}
		return
	}
	r.manifest.Lists = append(r.manifest.Lists, l)
}

// recordList reads a list page by page into a file. It fails only where the file
// cannot be written or ctx ended.
func (r *recorder) recordList(ctx context.Context, q query) (List, error) {
	l := List{Resource: q.kind.key(), Namespace: q.namespace, Reason: health.Available}
	name := filepath.Join(r.dir, "objects", strings.ReplaceAll(strings.TrimPrefix(q.path(), "/"), "/", "_")+fieldsSuffix(q)+".json.gz")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return l, fmt.Errorf("make a folder: %w", err)
	}
	var failed error
	err := writeZipped(name, func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, `{"kind":"List","apiVersion":"v1","items":[`); err != nil {
			return err
		}
		var broken error
		failed = r.pages(ctx, q, func(raw json.RawMessage) error {
			obj, ok := r.trim(q, raw)
			if !ok {
				return nil
			}
			if l.Items > 0 {
				if _, broken = io.WriteString(w, ",\n"); broken != nil {
					return broken
				}
			}
			l.Items++
			broken = json.NewEncoder(w).Encode(obj)
			return broken
		})
		if broken != nil {
			return broken
		}
		_, err := io.WriteString(w, "]}\n")
		return err
	})
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return l, fmt.Errorf("write %s: %w", l.Resource, err)
	}
	if failed != nil {
		l.Reason, l.Error, l.Items = health.Classify(failed), r.words(failed), 0
		log := r.Logger.Warn
		if l.Reason == health.NotFound {
			log = r.Logger.Debug // not every cluster has a metrics server
		}
		log("list cannot be read", "resource", l.Resource, "namespace", l.Namespace, "reason", l.Reason, "err", failed)
		// Half a list is none.
		return l, os.Remove(name)
	}
	return l, nil
}

func fieldsSuffix(q query) string {
	if q.fields == "" {
		return ""
	}
	return "_" + strings.NewReplacer("=", "_", ",", "_").Replace(q.fields)
}

// words is the text of an error, unless that might tell names.
func (r *recorder) words(err error) string {
	if r.names != nil {
		return ""
	}
	return err.Error()
}

// trim returns what is kept of an object, with its kind.
func (r *recorder) trim(q query, raw json.RawMessage) (runtime.Object, bool) {
	obj, at, err := decode(q.kind, raw, &latestTime{})
	if err != nil {
		r.Logger.Warn("object cannot be understood", "resource", q.kind.key(), "err", err)
		return nil, false
	}
	if obj == nil || q.kind == leaseKind && !wanted(at) {
		return nil, false
	}
	if r.names != nil {
		r.names.object(obj)
	}
	// Lists of objects of any kind need it in each of them.
	gvk, err := fakecluster.KindOf(obj)
	if err != nil {
		r.Logger.Warn("object cannot be understood", "resource", q.kind.key(), "err", err)
		return nil, false
	}
	obj.GetObjectKind().SetGroupVersionKind(gvk)
	return obj, true
}

// wanted tells the leases that collectors read from those of everybody else.
func wanted(lease identity) bool {
	switch lease.Name {
	case "kube-controller-manager", "kube-scheduler", "cloud-controller-manager":
		return true
	}
	return lease.Namespace != "kube-system"
}
