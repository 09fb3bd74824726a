package sources

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// NodeMetrics tells by node of what time the figures of the resource metrics API
// are; nil while the API does not exist or whoever serves it does not answer,
// which is no fault of the connection to the API server.
type NodeMetrics map[string]time.Time

// readNodeMetrics reads the first version that is served.
func (s *Sources) readNodeMetrics(ctx context.Context) (NodeMetrics, error) {
	row, _, _ := s.config.Resources.Find(NodeMetricsList)
	for _, version := range row.Versions {
		list, err := s.listOnce(ctx, NodeMetricsList, version, metav1.ListOptions{})
		switch {
		case apierrors.IsNotFound(err):
			continue
		case apierrors.IsServiceUnavailable(err):
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("read node metrics: %w", err)
		}
		return nodeMetricsOf(list)
	}
	return nil, nil
}

func nodeMetricsOf(obj runtime.Object) (NodeMetrics, error) {
	figures := NodeMetrics{}
	err := meta.EachListItem(obj, func(obj runtime.Object) error {
		item, ok := obj.(*unstructured.Unstructured)
		if !ok {
			return fmt.Errorf("unexpected type %T", obj)
		}
		text, _, err := unstructured.NestedString(item.Object, "timestamp")
		if err != nil {
			return fmt.Errorf("metrics of node %s: %w", item.GetName(), err)
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fmt.Errorf("metrics of node %s: timestamp: %w", item.GetName(), err)
		}
		figures[strings.Clone(item.GetName())] = at
		return nil
	})
	if err != nil {
		return nil, err
	}
	return figures, nil
}
