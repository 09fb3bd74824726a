package faultproxy

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
)

// Status answers as the API server does when it refuses.
func Status(code int, reason metav1.StatusReason) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
			Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, //nolint:gosec // an HTTP status
			Message: http.StatusText(code),
		})
	}
}

// RetryAfter answers 429 and asks for a pause of that many seconds.
func RetryAfter(seconds int) http.HandlerFunc {
	status := Status(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests)
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		status(w, r)
	}
}

// HTML answers 200 with a page, as a login page in between does.
func HTML(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title><p>Please sign in.")
}

// Half is the first half of a body.
func Half(_ string, body []byte) []byte { return body[:len(body)/2] }

// Emptied is the same list without its items; what is no list stays as it is.
func Emptied(contentType string, body []byte) []byte {
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil || !meta.IsListType(object) {
		return emptiedJSON(body)
	}
	if err := meta.SetList(object, nil); err != nil {
		return body
	}
	var out bytes.Buffer
	if err := encode(contentType, object, &out); err != nil {
		return body
	}
	return out.Bytes()
}

func encode(contentType string, object runtime.Object, to io.Writer) error {
	if isProtobuf(contentType) {
		return protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Encode(object, to)
	}
	return json.NewEncoder(to).Encode(object)
}

// emptiedJSON is of kinds that the client library does not know.
func emptiedJSON(body []byte) []byte {
	var list map[string]json.RawMessage
	if json.Unmarshal(body, &list) != nil || list["items"] == nil {
		return body
	}
	list["items"] = json.RawMessage("[]")
	out, err := json.Marshal(list)
	if err != nil {
		return body
	}
	return out
}

// FrozenEvents holds back every event, and the end of a watch as well.
func FrozenEvents(Event) Passage { return HoldBack }

// WithoutBookmarks drops those that tell how far a watch has come; the one that
// ends the initial list passes.
func WithoutBookmarks(e Event) Passage {
	if e.Type == watch.Bookmark && !e.InitialEnd {
		return Drop
	}
	return PassOn
}

// WithoutInitialEnd drops the bookmark that ends the initial list.
func WithoutInitialEnd(e Event) Passage {
	if e.InitialEnd {
		return Drop
	}
	return PassOn
}

// WithoutInitial drops the initial list, so that it is empty.
func WithoutInitial(e Event) Passage {
	if e.Initial && e.Type == watch.Added {
		return Drop
	}
	return PassOn
}

// StandingStill lets a watch bring nothing new: bookmarks only, each with the version that
// was asked for, as from a cache that does not follow etcd any more.
func StandingStill(e Event) Passage {
	switch {
	case e.Initial || e.Type == "":
		return PassOn
	case e.Type == watch.Bookmark:
		return Rewind
	}
	return Drop
}

// HalfEvent cuts a watch short in the midst of an event.
func HalfEvent(Event) Passage { return CutShort }
