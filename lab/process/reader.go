package process

import (
	"crypto/tls"
	"net/http"
	"time"
)

// Reader returns a client that reads of a kubevitals with a token, if it has one. It takes
// any certificate, as clients of a pod do that made one for itself.
func Reader(token string) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: bearer{token, &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 50, MaxConnsPerHost: 200,
	}}}
}

type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip adds the token.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(r)
}
