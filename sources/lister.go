package sources

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// Lister is where the lists of the table come from.
type Lister interface {
	// ListWatch reads a list in a version of its resource.
	ListWatch(r Resource, version string, l List) *cache.ListWatch
}

// clients read lists from an API server.
type clients struct {
	dynamic dynamic.Interface
	// json is for what is read as it is.
	json rest.Interface
	// groups are for the typed resources of the table, by group and version, and shapes
	// are those of their objects.
	groups map[schema.GroupVersion]rest.Interface
	shapes shapes
}

// newClients prepares clients for all resources of the table. They share their
// connections and a limit on requests.
func newClients(c *rest.Config, table Table) (*clients, error) {
	shapes, err := shapesOf(table)
	if err != nil {
		return nil, err
	}
	json := wire(c, shapes)
	protobuf := rest.CopyConfig(json)
	protobuf.ContentType = "application/vnd.kubernetes.protobuf"
	protobuf.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	http, err := rest.HTTPClientFor(protobuf)
	if err != nil {
		return nil, err
	}
	all := &clients{groups: map[schema.GroupVersion]rest.Interface{}, shapes: shapes}
	if all.dynamic, err = dynamic.NewForConfigAndClient(json, http); err != nil {
		return nil, err
	}
	unversioned := rest.CopyConfig(json)
	unversioned.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	if all.json, err = rest.UnversionedRESTClientForConfigAndClient(unversioned, http); err != nil {
		return nil, err
	}
	for _, r := range table {
		for _, version := range r.Versions {
			gv := schema.GroupVersion{Group: r.Group, Version: version}
			if !scheme.Scheme.Recognizes(gv.WithKind(r.Kind)) || all.groups[gv] != nil {
				continue
			}
			if all.groups[gv], err = groupClient(protobuf, gv, http); err != nil {
				return nil, fmt.Errorf("%s: %w", gv, err)
			}
		}
	}
	return all, nil
}

func groupClient(c *rest.Config, gv schema.GroupVersion, http *http.Client) (rest.Interface, error) {
	c = rest.CopyConfig(c)
	c.GroupVersion, c.APIPath, c.NegotiatedSerializer = &gv, "/apis", scheme.Codecs.WithoutConversion()
	if gv.Group == "" {
		c.APIPath = "/api"
	}
	return rest.RESTClientForConfigAndClient(c, http)
}

// wire is the client configuration for lists and watches.
func wire(c *rest.Config, shapes shapes) *rest.Config {
	c = rest.CopyConfig(c)
	c.UserAgent = cmp.Or(c.UserAgent, rest.DefaultKubernetesUserAgent())
	c.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(20, 40)
	health.NewWire(c)
	c.Wrap(func(next http.RoundTripper) http.RoundTripper { return limitedAnswers{next, shapes} })
	return c
}

// ListWatch reads a list from the API server. It returns lists of any type.
func (c *clients) ListWatch(r Resource, version string, l List) *cache.ListWatch {
	return c.listWatch(r, version, l, nil)
}

// listWatch is the same for a store that keeps something else of objects. Those of lists
// are passed through keep, if it is not nil.
func (c *clients) listWatch(r Resource, version string, l List, keep cache.TransformFunc) *cache.ListWatch {
	lw := &cache.ListWatch{ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return c.list(ctx, r, version, l, o, keep)
	}}
	restrict := func(o *metav1.ListOptions) { o.FieldSelector, o.LabelSelector = l.Fields, l.Labels }
	gv := schema.GroupVersion{Group: r.Group, Version: version}
	if typed := c.groups[gv]; typed != nil {
		lw.WatchFuncWithContext = cache.NewFilteredListWatchFromClient(typed, r.Plural, l.Namespace, restrict).WatchFuncWithContext
		return lw
	}
	if r.Addon {
		return lw
	}
	client := c.dynamic.Resource(gv.WithResource(r.Plural)).Namespace(l.Namespace)
	lw.WatchFuncWithContext = func(ctx context.Context, o metav1.ListOptions) (apiwatch.Interface, error) {
		restrict(&o)
		return client.Watch(ctx, o)
	}
	return lw
}
