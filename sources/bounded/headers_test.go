package bounded_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// TestHeaders verifies over HTTP/1.1 and HTTP/2, by a transport as client-go makes it,
// that usual headers come through and large ones do not.
func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for i := range 2000 {
				if r.URL.Path == "/large" {
					w.Header().Set(fmt.Sprintf("a-header-of-many-%d", i), "and its value, which is not short")
				}
			}
			_, _ = fmt.Fprint(w, r.Proto)
		}))
		server.EnableHTTP2 = http2
		server.StartTLS()
		t.Cleanup(server.Close)
		config := &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
		if !http2 {
			config.NextProtos = []string{"http/1.1"}
		}
		config.Wrap(bounded.Headers)
		client, err := rest.HTTPClientFor(config)
		if err != nil {
			t.Fatal(err)
		}
		for path, good := range map[string]bool{"/usual": true, "/large": false} {
			response, err := client.Get(server.URL + path)
			if err == nil {
				_ = response.Body.Close()
				if (response.ProtoMajor == 2) != http2 {
					t.Errorf("answered by %s", response.Proto)
				}
			}
			if (err == nil) != good {
				t.Errorf("HTTP/2 %v, %s: error %v", http2, path, err)
			}
		}
	}
}
