package bounded

import (
	"net/http"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// HeaderLimit is how many bytes the headers of an answer may have. Go's own limit is 10
// MiB, which take some fifty times as much when they are parsed.
const HeaderLimit = 64 << 10

// Headers limits the headers of the answers that come by a transport, and returns it. It
// must not be in use yet.
func Headers(rt http.RoundTripper) http.RoundTripper {
	inner := rt
	for {
		wrapped, ok := inner.(utilnet.RoundTripperWrapper)
		if !ok {
			break
		}
		inner = wrapped.WrappedRoundTripper()
	}
	if t, ok := inner.(*http.Transport); ok {
		t.MaxResponseHeaderBytes = HeaderLimit
	}
	return rt
}
