package sources

import (
	"io"
	"net/http"
	"strings"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

const (
	// listLimit bounds one answer that holds a list, in bytes. Lists of many objects
	// stream or come in pages; those of 15,000 nodes have 300 MB where they do neither.
	listLimit = 512 << 20
	// objectLimit bounds one object that an answer in JSON streams, as client-go does
	// for one in protobuf. etcd keeps no object above 1.5 MiB.
	objectLimit = 16 << 20
)

// answerLimits bound what is read of an answer in JSON. Objects of Kubernetes are at
// most some thirty levels deep.
func answerLimits(watch bool) bounded.JSON {
	l := bounded.JSON{Depth: 128, Token: objectLimit, Bytes: listLimit}
	if watch {
		l.Bytes, l.Value = 0, objectLimit
	}
	return l
}

// limitAnswers bounds the answers of an API server, which client-go reads as a whole:
// behind an aggregated API may be anybody.
func limitAnswers(next http.RoundTripper) http.RoundTripper { return limitedAnswers{next} }

type limitedAnswers struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l limitedAnswers) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	watch := request.URL.Query().Get("watch") != ""
	var limited io.Reader
	switch {
	case strings.HasPrefix(response.Header.Get("Content-Type"), "application/json"):
		limited = answerLimits(watch).Reader(response.Body)
	case watch:
		return response, nil // client-go bounds each object
	default:
		limited = bounded.Reader(response.Body, listLimit)
	}
	response.Body = &limitedBody{limited, response.Body}
	return response, nil
}

type limitedBody struct {
	io.Reader
	io.Closer
}
