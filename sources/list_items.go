package sources

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// The bounds of a list.
const (
	// headLimit is of what a list says of itself, in bytes.
	headLimit = 64 << 10
	// headFields are how many fields a list may have beside its items. It has three.
	headFields = 100
	// addonItemLimit is of one object that an addon serves, in bytes; figures of a node
	// have some 500, and the node's labels.
	addonItemLimit = 64 << 10
	// addonItems are as many objects as the largest clusters have nodes, thrice.
	addonItems = 15_000
)

// gathered is a list in the making, of which one object at a time is in memory whole.
// The zero value of a bound is none.
type gathered struct {
	internalversion.List

	row Resource
	// limit is of one object, in bytes, and most is how many there may be.
	limit int64
	most  int
	// decode makes an object of one item. It must not keep the bytes.
	decode func(raw []byte) (runtime.Object, error)
	// shape is that of the objects in protobuf; nil where they are none.
	shape *bounded.Message
	// held is how many bytes of memory the objects take, and others how many fields there
	// were that are not known.
	held   int64
	others int
}

// list reads a list object by object, and keeps of each what is read of it: an answer is
// never in memory as a whole, and whoever gives it must not decide how much of it is.
func (c *clients) list(ctx context.Context, r Resource, version string, l List, o metav1.ListOptions, keep cache.TransformFunc) (runtime.Object, error) {
	o.FieldSelector, o.LabelSelector = l.Fields, l.Labels
	client, g := c.json, &gathered{row: r, limit: objectLimit}
	gv := r.GVK().GroupVersion()
	gv.Version = version
	switch typed := c.groups[gv]; {
	case typed != nil:
		client, g.shape = typed, c.shapes.of(gv.WithKind(r.Kind))
	case r.Addon:
		g.limit, g.most = addonItemLimit, addonItems
	}
	g.decode = decodeJSON(r, gv.Version, keep)
	body, err := client.Get().AbsPath(r.Path(version, l.Namespace)).
		SpecificallyVersionedParams(&o, scheme.ParameterCodec, corev1.SchemeGroupVersion).Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	in := bufio.NewReader(body)
	if magic, _ := in.Peek(len(protobufMagic)); g.shape != nil && bytes.Equal(magic, []byte(protobufMagic)) {
		g.decode = decodeProtobuf(r, gv.Version, g.shape, keep)
		err = g.protobuf(in)
	} else {
		err = g.json(in)
	}
	if err != nil {
		return nil, fmt.Errorf("list of %s: %w", r.GroupResource(), err)
	}
	health.Holds(ctx, g.held)
	return &g.List, nil
}

// take takes in an item.
func (g *gathered) take(raw []byte) error {
	if g.most > 0 && len(g.Items) == g.most {
		return &bounded.Error{What: fmt.Sprintf("a list has more than %d objects", g.most)}
	}
	obj, err := g.decode(raw)
	if err != nil || obj == nil {
		return err
	}
	const place = 32 // in a slice that grows
	if g.held += place + bounded.Held(obj); g.held > bounded.ListHeld {
		return bounded.ErrList()
	}
	g.Items = append(g.Items, obj)
	return nil
}

// json reads a list in JSON.
func (g *gathered) json(body io.Reader) error {
	in := bounded.JSON{Bytes: listLimit, Depth: answerDepth, Token: int(g.limit)}.Reader(body)
	return items(json.NewDecoder(in), in, g.limit, func(key string, raw json.RawMessage) error {
		if key != "metadata" {
			return nil
		}
		if len(raw) > headLimit {
			return &bounded.Error{What: "what a list says of itself is larger than " + bounded.Size(headLimit)}
		}
		return json.Unmarshal(raw, &g.ListMeta)
	}, func(raw json.RawMessage) error { return g.take(raw) })
}

// items hands over the items of a list one by one, and what else there is by its key.
func items(d *json.Decoder, in *bounded.JSONReader, limit int64, other func(key string, raw json.RawMessage) error, take func(json.RawMessage) error) error {
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return errNoList(err)
	}
	for heads := 0; d.More(); heads++ {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if heads > headFields {
			return errNoList(nil)
		}
		in.Within(limit)
		if key != "items" {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return err
			}
			if err := other(key.(string), raw); err != nil {
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
			in.Within(limit)
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

// kept is what is kept of an object that was decoded.
func kept(r Resource, obj runtime.Object, keep cache.TransformFunc) (runtime.Object, error) {
	if m, err := meta.Accessor(obj); err != nil || m.GetName() == "" {
		return nil, &bounded.Error{What: "an object of a list has no name"}
	}
	r.strip(obj)
	if keep == nil {
		return obj, nil
	}
	less, err := keep(obj)
	if err != nil {
		return nil, err
	}
	return less.(runtime.Object), nil
}

// strip takes from an object what no collector reads of it.
func (r Resource) strip(obj runtime.Object) {
	if m, err := meta.Accessor(obj); err == nil {
		var kept []metav1.ManagedFieldsEntry
		if r.Managed != nil {
			kept = r.Managed(m.GetManagedFields())
		}
		m.SetManagedFields(kept)
	}
}
