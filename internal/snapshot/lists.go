package snapshot

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
)

// lister lets sources list the objects of a snapshot.
type lister struct{ snapshot *Snapshot }

// ListWatch lists what the snapshot has, or refuses what it does not have. Nothing
// changes in it, so nothing is watched.
func (l lister) ListWatch(r sources.Resource, _ string, list sources.List) *cache.ListWatch {
	matching := sync.OnceValues(func() ([]runtime.Object, error) { return l.snapshot.matching(r, list) })
	return &cache.ListWatch{
		ListWithContextFunc: func(_ context.Context, o metav1.ListOptions) (runtime.Object, error) {
			if refused := l.snapshot.refused(r, list); refused != nil {
				return nil, &apierrors.StatusError{ErrStatus: *refused}
			}
			objects, err := matching()
			if err != nil {
				return nil, err
			}
			return page(r, objects, o)
		},
	}
}

// matching are the objects of a list.
func (s *Snapshot) matching(r sources.Resource, l sources.List) ([]runtime.Object, error) {
	byField, err := fields.ParseSelector(l.Fields)
	if err != nil {
		return nil, fmt.Errorf("fields of %s: %w", l.Source, err)
	}
	byLabel, err := labels.Parse(l.Labels)
	if err != nil {
		return nil, fmt.Errorf("labels of %s: %w", l.Source, err)
	}
	var objects []runtime.Object
	for _, obj := range s.Objects {
		m, err := meta.Accessor(obj)
		if err != nil || obj.GetObjectKind().GroupVersionKind() != r.GVK() || l.Namespace != "" && l.Namespace != m.GetNamespace() {
			continue
		}
		if !byLabel.Matches(labels.Set(m.GetLabels())) || !byField.Empty() && !byField.Matches(r.FieldsOf(obj, m)) {
			continue
		}
		objects = append(objects, obj)
	}
	return objects, nil
}

// page is the part of a list that the options ask for. Whoever reads it may change
// the objects, but nothing within them.
func page(r sources.Resource, objects []runtime.Object, o metav1.ListOptions) (runtime.Object, error) {
	start := 0
	if o.Continue != "" {
		var err error
		if start, err = strconv.Atoi(o.Continue); err != nil || start < 0 || start > len(objects) {
			return nil, apierrors.NewBadRequest("continue: not from this list")
		}
	}
	end, next := len(objects), ""
	if o.Limit > 0 && start+int(o.Limit) < end {
		end = start + int(o.Limit)
		next = strconv.Itoa(end)
	}
	list, err := r.NewList(objects[start:end])
	if err != nil {
		return nil, err
	}
	if u, ok := list.(*unstructured.UnstructuredList); ok {
		list = u.DeepCopy() // a copy of the struct shares all that is in it
	}
	m, err := meta.ListAccessor(list)
	if err != nil {
		return nil, err
	}
	m.SetResourceVersion("1")
	m.SetContinue(next)
	return list, nil
}

// refused tells how a list is refused that the snapshot does not have.
func (s *Snapshot) refused(r sources.Resource, list sources.List) *metav1.Status {
	resource := r.GroupResource()
	switch {
	case !s.lacks(r, list):
		if s.Manifest == nil {
			return nil
		}
		l := s.Manifest.list(resource.String(), list.Namespace)
		if l.Reason == health.Available {
			return nil
		}
		return refusal(l.Reason, resource)
	case s.Manifest == nil && r.Addon:
		// That the API does not exist would be a statement about the cluster.
		return refusal(health.Forbidden, resource)
	}
	return refusal(health.NotFound, resource)
}

// lacks tells whether the snapshot holds nothing of a list, not even that it was
// refused when it was recorded.
func (s *Snapshot) lacks(r sources.Resource, list sources.List) bool {
	resource := r.GroupResource().String()
	if s.Manifest != nil {
		return s.Manifest.list(resource, list.Namespace) == nil
	}
	c := s.coverage[resource]
	if list.Complete {
		return c == nil || !c.all
	}
	// A dump that has the objects of kube-system and none of an optional namespace
	// counts as one of a cluster without: what is looked for there is an addon, and of
	// addons that do not exist nothing is said.
	return !c.has(list.Namespace) && (!list.Optional || !c.has(metav1.NamespaceSystem))
}

// refusal is an answer that reads as the reason.
func refusal(reason health.Reason, resource schema.GroupResource) *metav1.Status {
	s := &metav1.Status{
		Status: metav1.StatusFailure, Message: resource.String() + ": not in the dump",
		Code: http.StatusInternalServerError, Reason: metav1.StatusReasonInternalError,
	}
	switch reason {
	case health.Unauthorized:
		s.Code, s.Reason = http.StatusUnauthorized, metav1.StatusReasonUnauthorized
	case health.Forbidden:
		s.Code, s.Reason = http.StatusForbidden, metav1.StatusReasonForbidden
	case health.NotFound:
		s.Code, s.Reason = http.StatusNotFound, metav1.StatusReasonNotFound
	case health.Overloaded:
		s.Code, s.Reason = http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable
	case health.Timeout:
		s.Code, s.Reason = http.StatusGatewayTimeout, metav1.StatusReasonTimeout
	}
	return s
}
