package pods

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// pageSize is the number of pods that are in memory as objects at one time.
const pageSize = 500

// mostPods bounds a list whose pages are larger than was asked for. Kubernetes is tested
// with 150,000.
const mostPods = 2_000_000

// Paged returns a ListWatch for a reflector that feeds an Index. It bounds the
// memory of a list from an API server that cannot stream lists: a reflector
// would first ask for resource version 0, for which API servers ignore the page
// size, and would keep the objects of all pages until the last has come. Here
// the list is read in pages from the latest version, and each page is packed
// before the next is asked for.
func Paged(lw *cache.ListWatch) *cache.ListWatch {
	paged := *lw
	paged.ListFunc = nil //nolint:staticcheck // deprecated, and must not be preferred over ours
	paged.ListWithContextFunc = func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		o.Limit, o.Continue = pageSize, ""
		o.ResourceVersion, o.ResourceVersionMatch = "", ""
		return listPacked(ctx, lw, o)
	}
	return &paged
}

func listPacked(ctx context.Context, lw *cache.ListWatch, o metav1.ListOptions) (runtime.Object, error) {
	all := &internalversion.List{}
	var pages bounded.Pages
	for {
		obj, err := lw.ListWithContext(ctx, o)
		if apierrors.IsResourceExpired(err) && o.Continue != "" {
			// The pages took longer than the API server keeps a version: one
			// large answer is better than none.
			all.Items, o.Continue, o.Limit = nil, "", 0
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list pods: %w", err)
		}
		page, err := meta.ListAccessor(obj)
		if err != nil {
			return nil, unexpected(obj)
		}
		if err := meta.EachListItem(obj, func(pod runtime.Object) error {
			f, err := read(pod)
			if err == nil {
				all.Items = append(all.Items, pack(f))
			}
			return err
		}); err != nil {
			return nil, fmt.Errorf("list pods: %w", err)
		}
		if len(all.Items) > mostPods {
			return nil, &bounded.Error{What: fmt.Sprintf("list pods: there are more than %d", mostPods)}
		}
		if err := pages.Next(o.Continue, page.GetContinue(), 0); err != nil {
			return nil, fmt.Errorf("list pods: %w", err)
		}
		all.ResourceVersion, o.Continue = page.GetResourceVersion(), page.GetContinue()
		if o.Continue == "" {
			return all, nil
		}
	}
}
