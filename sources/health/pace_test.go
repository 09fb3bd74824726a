package health

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// slowServer answers with so many parts of a size, each after a pause, and then with
// nothing more, or the end. It heeds the context of the request.
type slowServer struct {
	parts, size int
	pause       time.Duration
	ends        bool
}

func (s slowServer) RoundTrip(r *http.Request) (*http.Response, error) {
	reader, writer := io.Pipe()
	go func() {
		for range s.parts {
			select {
			case <-time.After(s.pause):
			case <-r.Context().Done():
			}
			if r.Context().Err() != nil {
				break
			}
			_, _ = writer.Write(make([]byte, s.size))
		}
		if !s.ends {
			<-r.Context().Done()
		}
		writer.CloseWithError(r.Context().Err())
	}()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: reader}, nil
}

// TestAnswersThatDoNotEnd verifies that an answer which stops or only drips is given up,
// and told as silence, and that one which is only large or slow is not. Watches may be
// silent: what they bring is judged elsewhere.
func TestAnswersThatDoNotEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, query string
		server      slowServer
		want        Reason
		after, most time.Duration
	}{
		{"stops", "?limit=500", slowServer{1, 150, time.Second, false}, Timeout, answerPause, answerPause + 2*time.Second},
		{"drips", "", slowServer{1000, 1, 2 * time.Second, true}, Timeout, answerPause, answerPause + 2*time.Second},
		{"drips much at first", "?watch=false", slowServer{1000, 8 << 10, time.Second, true}, Timeout, 29 * time.Second, 31 * time.Second},
		{"slow and large", "", slowServer{100, 64 << 10, 3 * time.Second, true}, Available, 300 * time.Second, 301 * time.Second},
		{"long pause before the end", "", slowServer{1, 10, 14 * time.Second, true}, Available, 14 * time.Second, 15 * time.Second},
		{"a watch", "?watch=true", slowServer{30, 10, 14 * time.Second, true}, Available, 420 * time.Second, 421 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://host/api/v1/nodes"+tt.query, nil)
				if err != nil {
					t.Fatal(err)
				}
				started := time.Now()
				response, err := (&roundTripper{wire: &Wire{}, next: tt.server}).RoundTrip(request)
				if err != nil {
					t.Fatal(err)
				}
				_, err = io.Copy(io.Discard, response.Body)
				if got := Classify(err); got != tt.want {
					t.Errorf("%v (%v), want %v", got, err, tt.want)
				}
				if took := time.Since(started); took < tt.after || took > tt.most {
					t.Errorf("after %s, want %s to %s", took, tt.after, tt.most)
				}
				if err := response.Body.Close(); err != nil && !errors.Is(err, io.ErrClosedPipe) {
					t.Error(err)
				}
			})
		})
	}
}
