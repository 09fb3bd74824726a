package fakecluster

import (
	"fmt"
	"net/http"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	internalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// serveAPI answers a request for objects.
func (c *Cluster) serveAPI(w http.ResponseWriter, r *http.Request) {
	t, ok := c.store.find(r.URL.Path)
	if !ok {
		c.codecs.fail(w, r, noSuchResource(r))
		return
	}
	if err := c.refusal(t); err != nil {
		c.codecs.fail(w, r, err)
		return
	}
	var err error
	switch {
	case t.name != "" && r.Method == http.MethodGet:
		err = c.serveObject(w, r, t)
	case t.name != "" && (r.Method == http.MethodPut || r.Method == http.MethodPatch):
		err = c.serveWrite(w, r, t)
	case t.name == "" && r.Method == http.MethodGet:
		err = c.serveCollection(w, r, t)
	default:
		err = apierrors.NewMethodNotSupported(t.table.resource.GroupResource(), r.Method)
	}
	if err != nil {
		c.codecs.fail(w, r, err)
	}
}

// refusal tells why requests for something are refused now; nil if they are not.
func (c *Cluster) refusal(t target) error {
	return c.store.refusal(t.table)
}

// noSuchResource is what an API server says to a path that it does not serve.
func noSuchResource(r *http.Request) error {
	err := apierrors.NewGenericServerResponse(http.StatusNotFound, r.Method, schema.GroupResource{}, "", "", 0, false)
	err.ErrStatus.Message = "the server could not find the requested resource"
	return err
}

func (c *Cluster) serveObject(w http.ResponseWriter, r *http.Request, t target) error {
	e, err := c.store.get(t.table, t.namespace, t.name)
	if err != nil {
		return err
	}
	c.codecs.respond(w, r, t.table.resource.Typed(), http.StatusOK, e.object)
	return nil
}

func (c *Cluster) serveCollection(w http.ResponseWriter, r *http.Request, t target) error {
	o, err := listOptions(r.URL.Query())
	if err != nil {
		return err
	}
	s, err := newSelection(t, o)
	if err != nil {
		return err
	}
	if o.Watch {
		return c.serveWatch(w, r, t.table, o, s)
	}
	list, err := c.list(t.table, o, s)
	if err != nil {
		return err
	}
	c.codecs.respond(w, r, t.table.resource.Typed(), http.StatusOK, list)
	return nil
}

func listOptions(query url.Values) (*internalversion.ListOptions, error) {
	o := &internalversion.ListOptions{}
	if err := internalscheme.ParameterCodec.DecodeParameters(query, metav1.SchemeGroupVersion, o); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if errs := validation.ValidateListOptions(o, true); len(errs) > 0 {
		return nil, apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", errs)
	}
	return o, nil
}

// selection is what of a table a request asks for.
type selection struct {
	resource  resource
	namespace string
	labels    labels.Selector
	fields    fields.Selector
}

func newSelection(t target, o *internalversion.ListOptions) (selection, error) {
	s := selection{t.table.resource, t.namespace, labels.Everything(), fields.Everything()}
	if o.LabelSelector != nil {
		s.labels = o.LabelSelector
	}
	if o.FieldSelector != nil {
		s.fields = o.FieldSelector
	}
	for _, requirement := range s.fields.Requirements() {
		if !s.resource.knowsField(requirement.Field) {
			return s, apierrors.NewBadRequest(fmt.Sprintf("field label not supported: %s", requirement.Field))
		}
	}
	return s, nil
}

func (s selection) matches(e *entry) bool {
	return e != nil && (s.namespace == "" || s.namespace == e.meta.GetNamespace()) &&
		(s.labels.Empty() || s.labels.Matches(labels.Set(e.meta.GetLabels()))) &&
		(s.fields.Empty() || s.fields.Matches(s.resource.FieldsOf(e.object, e.meta)))
}
