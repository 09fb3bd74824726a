package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/bounded"
)

const (
	pageSize = 500
	// pageTimeout bounds the request for one page.
	pageTimeout = time.Minute
)

// pages hands over all items of a list. Where the pages took longer than the API
// server keeps a version, what is missing comes in one.
func (r *recorder) pages(ctx context.Context, q query, take func(json.RawMessage) error) error {
	limit, next, seen := pageSize, "", map[string]bool{}
	var bound bounded.Pages
	for {
		page, err := r.page(ctx, q, limit, next)
		if apierrors.IsResourceExpired(err) && next != "" {
			limit, next = 0, ""
			continue
		}
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if limit == 0 && seen[uidOf(item)] {
				continue
			}
			if limit > 0 {
				seen[uidOf(item)] = true
			}
			if err := take(item); err != nil {
				return err
			}
		}
		if err := bound.Next(next, page.Metadata.Continue, 0); err != nil {
			return err
		}
		if next = page.Metadata.Continue; next == "" {
			return nil
		}
	}
}

type listPage struct {
	Metadata struct {
		Continue string `json:"continue"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

func (r *recorder) page(ctx context.Context, q query, limit int, next string) (*listPage, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	request := r.client.Get().AbsPath(q.path())
	for name, value := range map[string]string{"fieldSelector": q.list.Fields, "labelSelector": q.list.Labels, "continue": next} {
		if value != "" {
			request.Param(name, value)
		}
	}
	if limit > 0 {
		request.Param("limit", fmt.Sprint(limit))
	}
	raw, err := request.Do(ctx).Raw()
	if err != nil {
		return nil, err
	}
	var page listPage
	if err := json.Unmarshal(raw, &page); err != nil {
		return nil, errors.Join(errors.New("the answer is no list"), err)
	}
	return &page, nil
}

func uidOf(raw json.RawMessage) string {
	var head struct {
		Metadata struct {
			UID string `json:"uid"`
		} `json:"metadata"`
	}
	_ = json.Unmarshal(raw, &head) // it is decoded again
	return head.Metadata.UID
}

// query is how a source is read from the API server.
func (r *recorder) query(source sources.Read) (query, error) {
	row, list, ok := r.Resources.Find(source)
	if !ok {
		return query{}, fmt.Errorf("no row of the table is read as %q", source)
	}
	return query{row, row.Versions[0], list}, nil
}

// learnNames lets the redactor know nodes and namespaces before it meets them in
// texts.
func (r *recorder) learnNames(ctx context.Context) error {
	if r.names == nil {
		return nil
	}
	for _, source := range []sources.Read{sources.Nodes, sources.Pods} {
		q, err := r.query(source)
		if err != nil {
			return err
		}
		err = r.pages(ctx, q, func(raw json.RawMessage) error {
			var head struct {
				Metadata struct{ Namespace, Name string } `json:"metadata"`
			}
			if err := json.Unmarshal(raw, &head); err != nil {
				return err
			}
			if source == sources.Nodes {
				r.names.Node(head.Metadata.Name)
				return nil
			}
			r.names.As("ns", head.Metadata.Namespace)
			r.names.As("pod", head.Metadata.Name)
			return nil
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.Logger.Debug("names are not known before", "resource", q.row.GroupResource(), "err", err)
		}
	}
	return nil
}
