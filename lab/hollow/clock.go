package hollow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// shifted is a transport by which all that a kubelet says of the time is off by what a
// file holds, as if the clock of its node were: no process can have another clock than
// its machine. The bodies must be JSON.
type shifted struct {
	next http.RoundTripper
	file string
}

// RoundTrip implements http.RoundTripper.
func (s shifted) RoundTrip(request *http.Request) (*http.Response, error) {
	by, err := s.by()
	if err != nil {
		return nil, err
	}
	if by == 0 || request.Body == nil {
		return s.next.RoundTrip(request)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	if err := request.Body.Close(); err != nil {
		return nil, err
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return nil, fmt.Errorf("shift the times of a request: %w", err)
	}
	if body, err = json.Marshal(shift(value, "", by)); err != nil {
		return nil, err
	}
	request = request.Clone(request.Context())
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return s.next.RoundTrip(request)
}

// by is how far the clock is ahead; zero without the file.
func (s shifted) by() (time.Duration, error) {
	text, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(strings.TrimSpace(string(text)))
}

// shift moves the times that kubelets take from their clocks.
func shift(value any, key string, by time.Duration) any {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			v[name] = shift(inner, name, by)
		}
	case []any:
		for i, inner := range v {
			v[i] = shift(inner, key, by)
		}
	case string:
		format := map[string]string{"renewTime": metav1.RFC3339Micro, "lastHeartbeatTime": time.RFC3339}[key]
		if at, err := time.Parse(format, v); format != "" && err == nil {
			return at.Add(by).UTC().Format(format)
		}
	}
	return value
}
