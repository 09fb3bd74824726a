package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	request := r.client.Discovery().RESTClient().Get().AbsPath(q.path())
	for name, value := range map[string]string{"fieldSelector": q.fields, "labelSelector": q.labels, "continue": next} {
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

// learnNames lets the redactor know nodes and namespaces before it meets them in
// texts.
func (r *recorder) learnNames(ctx context.Context) error {
	if r.names == nil {
		return nil
	}
	for _, q := range queries() {
		if q.kind != nodeKind && q.kind != podKind {
			continue
		}
		err := r.pages(ctx, q, func(raw json.RawMessage) error {
			var head struct {
				Metadata identity `json:"metadata"`
			}
			if err := json.Unmarshal(raw, &head); err != nil {
				return err
			}
			if q.kind == nodeKind {
				r.names.node(head.Metadata.Name)
				return nil
			}
			r.names.as("ns", head.Metadata.Namespace)
			r.names.as("pod", head.Metadata.Name)
			return nil
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.Logger.Debug("names are not known before", "resource", q.kind.key(), "err", err)
		}
	}
	return nil
}
