package sources

import (
	"io"
	"net/http"
	"strings"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/health"
)

const (
	// listLimit bounds one answer that holds a list, in bytes. Lists of many objects
	// stream or come in pages; those of 15,000 nodes have 300 MB where they do neither.
	listLimit = 512 << 20
	// objectLimit bounds one object, in bytes. API servers take no request above 3 MiB,
	// and etcd keeps no object above 1.5 MiB.
	objectLimit = 4 << 20
	// objectCost bounds it in bytes of memory. With the bytes that it came in, which are
	// there up to three times while it is decoded, it stays below what a source may cost.
	objectCost = 12 << 20
	// objectValues bounds it in JSON, where each value takes up to a thousand bytes. What
	// all API servers serve comes as protobuf, and the rest is small.
	objectValues = 10_000
	// errorLimit bounds an answer that says why there is no other, in bytes. It is cut off
	// there: who was asked may have told enough, and the status is known.
	errorLimit = 16 << 10
	// answerDepth bounds how deep an answer is nested. Objects of Kubernetes are at most
	// some thirty levels deep.
	answerDepth = 128
)

// answerLimits bound what is read of an answer in JSON.
func answerLimits(watch bool) bounded.JSON {
	l := bounded.JSON{Depth: answerDepth, Token: objectLimit, Bytes: listLimit, Quantities: true}
	if watch {
		l.Bytes, l.Value, l.Values = 0, objectLimit, objectValues
	}
	return l
}

// limitedAnswers bounds the answers of an API server before anything decodes them: behind
// an aggregated API may be anybody.
type limitedAnswers struct {
	next   http.RoundTripper
	shapes shapes
}

// RoundTrip implements http.RoundTripper.
func (l limitedAnswers) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	watch := request.URL.Query().Get("watch") != ""
	var limited io.Reader
	switch {
	case response.StatusCode < 200 || response.StatusCode > 299:
		limited = io.LimitReader(response.Body, errorLimit)
	case strings.HasPrefix(response.Header.Get("Content-Type"), "application/json"):
		limited = answerLimits(watch).Reader(response.Body)
	case watch:
		limited = &frames{in: response.Body, shorten: l.shapes.event}
	default:
		limited = bounded.Reader(response.Body, listLimit)
	}
	refuse := func(err error) { health.Refuse(request.Context(), err) }
	response.Body = &limitedBody{limited, response.Body, refuse}
	return response, nil
}

// limitedBody tells why it cannot be read on: those who read the body of a watch make
// a text of that.
type limitedBody struct {
	io.Reader
	io.Closer

	refuse func(error)
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if bounded.Is(err) {
		b.refuse(err)
	}
	return n, err
}
