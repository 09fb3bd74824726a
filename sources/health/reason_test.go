package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// request sends a real request and returns its error.
func request(t *testing.T, client *http.Client, url string, timeout time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}

func TestClassifyErrorsOfTheNetwork(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	hung := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	broken := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(func() { hung.CloseClientConnections(); secure.Close(); broken.Close() })

	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := free.Addr().String()
	_ = free.Close()

	tests := []struct {
		name    string
		client  *http.Client
		url     string
		timeout time.Duration
		want    Reason
	}{
		{"connection refused", &http.Client{}, "http://" + closed, time.Minute, Unreachable},
		{"connection broken off", &http.Client{}, broken.URL, time.Minute, Unreachable},
		{"no answer", &http.Client{}, hung.URL, 50 * time.Millisecond, Timeout},
		{"unknown authority", &http.Client{}, secure.URL, time.Minute, TLS},
		{"plain HTTP where TLS is expected", secure.Client(), "https://" + broken.Listener.Addr().String(), time.Minute, TLS},
		{"all well", secure.Client(), secure.URL, time.Minute, Available},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := request(t, tt.client, tt.url, tt.timeout)
			if got := Classify(err); got != tt.want {
				t.Errorf("Classify(%v) = %s, want %s", err, got, tt.want)
			}
		})
	}
}

func TestClassifyErrorsOfTheAPI(t *testing.T) {
	t.Parallel()
	pods := schema.GroupResource{Resource: "pods"}
	tests := []struct {
		err  error
		want Reason
	}{
		{nil, Available},
		{apierrors.NewUnauthorized("who are you"), Unauthorized},
		{apierrors.NewForbidden(pods, "", errors.New("no")), Forbidden},
		{apierrors.NewNotFound(pods, "a"), NotFound},
		{apierrors.NewTooManyRequests("later", 1), Overloaded},
		{apierrors.NewServiceUnavailable("down"), Overloaded},
		{apierrors.NewTimeoutError("slow", 1), Timeout},
		{&UnavailableError{State: State{Reason: Stale}}, Stale},
		{errors.New("something else"), Failed},
	}
	for _, tt := range tests {
		wrapped := tt.err
		if wrapped != nil {
			wrapped = fmt.Errorf("list pods: %w", wrapped)
		}
		if got := Classify(wrapped); got != tt.want {
			t.Errorf("Classify(%v) = %s, want %s", wrapped, got, tt.want)
		}
	}
}

// TestResult verifies the words of metrics of probes, which dashboards know.
func TestResult(t *testing.T) {
	t.Parallel()
	want := map[Reason]string{Available: "ok", Unauthorized: "denied", Forbidden: "denied", Failed: "error", Timeout: "timeout", "nxdomain": "nxdomain"}
	for reason, result := range want {
		if got := reason.Result(); got != result {
			t.Errorf("the result of %s is %s, want %s", reason, got, result)
		}
	}
	outcomes := []Reason{Available, Forbidden, "nxdomain"}
	for reason, want := range map[Reason]Reason{Available: Available, Unauthorized: Unauthorized, "nxdomain": "nxdomain", Timeout: Failed, TLS: Failed} {
		if got := reason.Among(outcomes); got != want {
			t.Errorf("%s among %v is %s, want %s", reason, outcomes, got, want)
		}
	}
}
