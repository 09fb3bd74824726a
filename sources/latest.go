package sources

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// latestLimit is of an answer that has no object in it.
const latestLimit = 64 << 10

// latest asks for the version that a resource has now, by a consistent list that names
// one object. It costs API servers a look at one key: in etcd, or since Kubernetes 1.31
// in their cache, once that has come to the revision of etcd. There is no such object,
// and it has another name each time, so that no cache on the way has the answer.
func (c *clients) latest(r Resource, version string, l List) func(context.Context) (string, error) {
	namespace := l.Namespace
	if r.Namespaced && namespace == "" {
		namespace = metav1.NamespaceSystem // in all namespaces, all keys would be looked at
	}
	path := r.Path(version, namespace)
	return func(ctx context.Context) (string, error) {
		name := fmt.Sprintf("kubevitals-%d", time.Now().UnixNano())
		body, err := c.json.Get().AbsPath(path).
			SpecificallyVersionedParams(&metav1.ListOptions{FieldSelector: "metadata.name=" + name}, scheme.ParameterCodec, corev1.SchemeGroupVersion).
			Stream(ctx)
		if err != nil {
			return "", err
		}
		defer func() { _ = body.Close() }()
		var list metav1.PartialObjectMetadataList
		if err := json.NewDecoder(bounded.Reader(body, latestLimit)).Decode(&list); err != nil {
			return "", fmt.Errorf("version of %s: %w", r.GroupResource(), err)
		}
		return list.ResourceVersion, nil
	}
}
