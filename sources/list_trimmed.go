package sources

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// The bounds of a list that an addon serves.
const (
	// addonItemLimit is of one object, in bytes; figures of a node have some 500, and
	// the node's labels.
	addonItemLimit = 64 << 10
	// addonItems are as many objects as the largest clusters have nodes, thrice.
	addonItems = 15_000
)

func addonLimits() bounded.JSON {
	return bounded.JSON{Bytes: 64 << 20, Depth: 16, Token: addonItemLimit}
}

// listTrimmed reads a list of what an addon serves, object by object, and keeps of each
// what a snapshot would: who serves it is no part of the API server, and must not decide
// how much memory its answer takes.
func (c *clients) listTrimmed(ctx context.Context, r Resource, version string, l List, o metav1.ListOptions) (runtime.Object, error) {
	o.FieldSelector, o.LabelSelector = l.Fields, l.Labels
	body, err := c.json.Get().AbsPath(r.Path(version, l.Namespace)).
		SpecificallyVersionedParams(&o, scheme.ParameterCodec, corev1.SchemeGroupVersion).Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	in := addonLimits().Reader(body)
	list := &unstructured.UnstructuredList{}
	err = items(json.NewDecoder(in), in, func(raw json.RawMessage) error {
		if len(list.Items) == addonItems {
			return &bounded.Error{What: fmt.Sprintf("a list has more than %d objects", addonItems)}
		}
		kept, err := r.Trim(raw, &Latest{})
		if err != nil {
			return err
		}
		if u, ok := kept.Object.(*unstructured.Unstructured); ok {
			list.Items = append(list.Items, *u)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list of %s: %w", r.GroupResource(), err)
	}
	return list, nil
}

// items hands over the items of a list one by one.
func items(d *json.Decoder, in *bounded.JSONReader, take func(json.RawMessage) error) error {
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return errNoList(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		in.Within(addonItemLimit)
		if key != "items" {
			var other json.RawMessage
			if err := d.Decode(&other); err != nil {
				return err
			}
			continue
		}
		switch token, err := d.Token(); {
		case err == nil && token == nil: // Go writes an empty list so
			continue
		case err != nil || token != json.Delim('['):
			return errNoList(err)
		}
		for d.More() {
			in.Within(addonItemLimit)
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return err
			}
			if err := take(raw); err != nil {
				return err
			}
		}
		if _, err := d.Token(); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// errNoList is the error of an answer that is no list.
func errNoList(err error) error {
	if err != nil {
		return err
	}
	return &bounded.Error{What: "the answer is no list of Kubernetes"}
}
