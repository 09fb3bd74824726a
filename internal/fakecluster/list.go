package fakecluster

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// page is where a list continues: after the object of that key, in the state of
// that revision.
type page struct {
	Revision uint64 `json:"rv"`
	After    string `json:"start"`
}

func (p page) token() (string, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("continue token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func parsePage(token string) (page, error) {
	var p page
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		return p, apierrors.NewBadRequest("continue key is not valid: " + err.Error())
	}
	return p, nil
}

// list returns a whole list or a page of it.
func (c *Cluster) list(t *table, o *internalversion.ListOptions, s selection) (runtime.Object, error) {
	p, exact, err := c.listFrom(o)
	if err != nil {
		return nil, err
	}
	var objects []*entry
	if exact {
		objects, err = c.store.at(t, p.Revision)
	} else {
		objects, p.Revision = c.store.now(t)
	}
	if err != nil {
		return nil, err
	}
	objects = slices.DeleteFunc(objects, func(e *entry) bool { return !s.matches(e) })
	if p.After != "" {
		objects = objects[sort.Search(len(objects), func(i int) bool { return objects[i].sortKey() > p.After }):]
	}
	// Lists from the watch cache at any revision are never paged.
	limit := int(o.Limit)
	if o.ResourceVersion == "0" && o.Continue == "" || limit <= 0 {
		limit = len(objects)
	}
	return c.onePage(t.resource, s, objects, limit, p.Revision)
}

// listFrom tells from which page, and whether of exactly its revision.
func (c *Cluster) listFrom(o *internalversion.ListOptions) (p page, exact bool, err error) {
	if o.Continue != "" {
		p, err = parsePage(o.Continue)
		return p, true, err
	}
	if o.ResourceVersion == "" || o.ResourceVersion == "0" {
		return page{}, false, nil
	}
	revision, err := c.reached(o.ResourceVersion)
	if err != nil {
		return page{}, false, err
	}
	// A limit with a version but without a match has meant this since long.
	exact = o.ResourceVersionMatch == metav1.ResourceVersionMatchExact ||
		o.ResourceVersionMatch == "" && o.Limit > 0
	return page{Revision: revision}, exact, nil
}

// reached parses a resource version, which must not lie in the future.
func (c *Cluster) reached(version string) (uint64, error) {
	revision, err := parseRevision(version)
	if err != nil {
		return 0, err
	}
	if current := c.store.current(); revision > current {
		late := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", revision, current), 1)
		late.ErrStatus.Details.Causes = []metav1.StatusCause{{
			Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version",
		}}
		return 0, late
	}
	return revision, nil
}

func parseRevision(version string) (uint64, error) {
	revision, err := strconv.ParseUint(version, 10, 64)
	if err != nil {
		return 0, apierrors.NewBadRequest(fmt.Sprintf("invalid resource version %q: %v", version, err))
	}
	return revision, nil
}

func (c *Cluster) onePage(r resource, s selection, objects []*entry, limit int, revision uint64) (runtime.Object, error) {
	rest := len(objects) - limit
	if rest > 0 {
		objects = objects[:limit]
	}
	list, err := r.newList(objects)
	if err != nil {
		return nil, err
	}
	m, err := meta.ListAccessor(list)
	if err != nil {
		return nil, fmt.Errorf("metadata of a list of %s: %w", r.Plural, err)
	}
	m.SetResourceVersion(strconv.FormatUint(revision, 10))
	if rest <= 0 {
		return list, nil
	}
	token, err := page{Revision: revision, After: objects[limit-1].sortKey()}.token()
	if err != nil {
		return nil, err
	}
	m.SetContinue(token)
	if s.labels.Empty() && s.fields.Empty() {
		remaining := int64(rest)
		m.SetRemainingItemCount(&remaining)
	}
	return list, nil
}
