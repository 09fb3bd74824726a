package chaos

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// renaming lets the kubelet behind a proxy answer under the name of the node that leads
// there: kubevitals takes no statistics that are of another one.
type renaming struct {
	next     http.RoundTripper
	from, to string
}

// RoundTrip implements http.RoundTripper.
func (r *renaming) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err != nil || request.URL.Path != "/stats/summary" {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("statistics of the kubelet of %s: %w", r.from, err)
	}
	for _, format := range []string{`"nodeName": %q`, `"nodeName":%q`} {
		body = bytes.ReplaceAll(body, fmt.Appendf(nil, format, r.from), fmt.Appendf(nil, format, r.to))
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return response, nil
}
