package faultproxy

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"strings"
)

// handler passes requests on, unless a fault answers or holds them.
func (p *Proxy) handler() http.Handler {
	forward := &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      p.options.Transport,
		FlushInterval:  -1, // each event of a watch at once
		ModifyResponse: p.modify,
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			// What the server does not answer, the client is not to take for an answer.
			panic(http.ErrAbortHandler)
		},
		ErrorLog: log.New(discard{}, "", 0),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind := KindOf(r)
		p.mu.Lock()
		p.requests[kind]++
		p.mu.Unlock()
		faults, held := p.admit(r.Context(), kind)
		if held != nil {
			panic(http.ErrAbortHandler) // the client went away
		}
		for _, f := range faults {
			if f.GoAway {
				w.Header().Set("Connection", "close")
			}
		}
		for _, f := range faults {
			if f.Respond != nil {
				f.Respond(w, r)
				return
			}
		}
		forward.ServeHTTP(w, r)
	})
}

// admit waits while requests of the kind are held, and returns the faults that
// befall it then. It fails when ctx ends.
func (p *Proxy) admit(ctx context.Context, kind Kind) ([]switched, error) {
	for {
		faults, changed := p.faults()
		var mine []switched
		hold := false
		for _, f := range faults {
			if f.befalls(kind) {
				mine = append(mine, f)
				hold = hold || f.Hold
			}
		}
		if !hold {
			return mine, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	p.mu.Lock()
	r.SetURL(p.upstream)
	p.mu.Unlock()
	r.Out.Header.Del("Accept-Encoding") // bodies are to be read and changed
}

// modify puts the faults of bodies between the server and the client.
func (p *Proxy) modify(response *http.Response) error {
	kind := KindOf(response.Request)
	if response.StatusCode != http.StatusOK {
		return nil
	}
	contentType := response.Header.Get("Content-Type")
	if kind == Watch || kind == WatchList {
		response.Body = &watchBody{
			proxy: p, ctx: response.Request.Context(), kind: kind, began: p.tick(),
			from:     response.Request.URL.Query().Get("resourceVersion"),
			upstream: response.Body, frames: framesOf(contentType, response.Body),
		}
		return nil
	}
	faults, _ := p.faults()
	for _, f := range faults {
		if f.Whole == nil || !f.befalls(kind) {
			continue
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			return err
		}
		response.Body = io.NopCloser(bytes.NewReader(f.Whole(contentType, body)))
		response.ContentLength = -1
		response.Header.Del("Content-Length")
	}
	return nil
}

func isProtobuf(contentType string) bool {
	return strings.HasPrefix(contentType, "application/vnd.kubernetes.protobuf")
}
