package fakecluster

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// bodyLimit bounds what a client may send.
const bodyLimit = 1 << 20

// serveWrite replaces or patches a Lease. Nothing else can be written: a
// cluster changes through the Go API only.
func (c *Cluster) serveWrite(w http.ResponseWriter, r *http.Request, t target) error {
	res := t.table.resource
	if res.GVK().Kind != "Lease" {
		return apierrors.NewMethodNotSupported(res.GroupResource(), r.Method)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		return apierrors.NewBadRequest("read the body: " + err.Error())
	}
	present, err := c.store.get(t.table, t.namespace, t.name)
	if err != nil {
		return err
	}
	var lease *coordinationv1.Lease
	if r.Method == http.MethodPut {
		lease, err = c.decodeLease(r, body)
	} else {
		lease, err = patchLease(r, present, body)
	}
	if err != nil {
		return err
	}
	if lease.Name != t.name || lease.Namespace != t.namespace {
		return apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s/%s) does not match the name on the URL (%s/%s)",
			lease.Namespace, lease.Name, t.namespace, t.name))
	}
	if isDryRun(r) {
		c.codecs.respond(w, r, true, http.StatusOK, lease)
		return nil
	}
	e, err := c.store.upsert(lease, c.options.Now())
	if err != nil {
		return err
	}
	c.codecs.respond(w, r, true, http.StatusOK, e.object)
	return nil
}

func isDryRun(r *http.Request) bool {
	for _, v := range r.URL.Query()["dryRun"] {
		if v == metav1.DryRunAll {
			return true
		}
	}
	return false
}

func (c *Cluster) decodeLease(r *http.Request, body []byte) (*coordinationv1.Lease, error) {
	contentType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, unsupportedMediaType(r)
	}
	info, ok := runtime.SerializerInfoForMediaType(c.codecs.factory.SupportedMediaTypes(), contentType)
	if !ok {
		return nil, unsupportedMediaType(r)
	}
	gvk := coordinationv1.SchemeGroupVersion.WithKind("Lease")
	obj, _, err := info.Serializer.Decode(body, &gvk, &coordinationv1.Lease{})
	if err != nil {
		return nil, apierrors.NewBadRequest("decode the object: " + err.Error())
	}
	lease, ok := obj.(*coordinationv1.Lease)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("want a Lease, got %T", obj))
	}
	lease.SetGroupVersionKind(gvk)
	return lease, nil
}

func patchLease(r *http.Request, present *entry, patch []byte) (*coordinationv1.Lease, error) {
	contentType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	// The two differ in lists of structs only, and a Lease has none.
	if err != nil || contentType != string(types.MergePatchType) && contentType != string(types.StrategicMergePatchType) {
		return nil, unsupportedMediaType(r)
	}
	before, err := json.Marshal(present.object)
	if err != nil {
		return nil, fmt.Errorf("encode the Lease: %w", err)
	}
	after, err := strategicpatch.StrategicMergePatch(before, patch, &coordinationv1.Lease{})
	if err != nil {
		return nil, apierrors.NewBadRequest("apply the patch: " + err.Error())
	}
	lease := &coordinationv1.Lease{}
	if err := json.Unmarshal(after, lease); err != nil {
		return nil, apierrors.NewBadRequest("decode the patched object: " + err.Error())
	}
	return lease, nil
}

func unsupportedMediaType(r *http.Request) error {
	return apierrors.NewGenericServerResponse(http.StatusUnsupportedMediaType, r.Method,
		coordinationv1.Resource("leases"), "", fmt.Sprintf("content type %q is not supported", r.Header.Get("Content-Type")), 0, true)
}
