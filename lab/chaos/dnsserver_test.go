package chaos

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// TestServer verifies with Go's own resolver how the DNS server of trials answers.
func TestServer(t *testing.T) {
	t.Parallel()
	var how atomic.Int32
	s, err := startServer(t.Context(), func() behaviour { return behaviour(how.Load()) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	for _, network := range []string{"udp", "tcp"} {
		resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.address())
		}}
		for _, behaves := range []behaviour{answering, silent, halfAnswering, truncating, answeringAnother, failing} {
			how.Store(int32(behaves))
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			got, err := resolver.LookupHost(ctx, "kubernetes.default.svc.cluster.local.")
			cancel()
			if well := err == nil && slices.Contains(got, "192.0.2.1"); well != (behaves == answering) {
				t.Errorf("%s, behaviour %d: %v, %v", network, behaves, got, err)
			}
		}
	}
}
