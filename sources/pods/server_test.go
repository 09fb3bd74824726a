package pods

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiwatch "k8s.io/apimachinery/pkg/watch"
)

// podServer serves lists and watches of pods as an API server does.
type podServer struct {
	pods []*corev1.Pod
	// streams is false for API servers that know no streamed lists.
	streams bool
	// expires makes the server forget the version of a list after the first page.
	expires bool
	events  chan metav1.WatchEvent

	mu       sync.Mutex
	requests []url.Values
}

func (s *podServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	s.requests = append(s.requests, q)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	streamed := q.Get("sendInitialEvents") == "true"
	switch {
	case !q.Has("watch"):
		s.list(w, q)
	case streamed && !s.streams:
		refuse(w, apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil))
	default:
		s.watch(r.Context(), w, streamed)
	}
}

func (s *podServer) list(w http.ResponseWriter, q url.Values) {
	from, _ := strconv.Atoi(q.Get("continue"))
	if s.expires && from > 0 {
		refuse(w, apierrors.NewResourceExpired("the continue token is too old"))
		return
	}
	list := corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "100"}}
	to := len(s.pods)
	if limit, _ := strconv.Atoi(q.Get("limit")); limit > 0 && from+limit < to {
		to = from + limit
		list.Continue = strconv.Itoa(to)
	}
	for _, p := range s.pods[from:to] {
		list.Items = append(list.Items, *p)
	}
	_ = json.NewEncoder(w).Encode(list)
}

func (s *podServer) watch(ctx context.Context, w http.ResponseWriter, streamed bool) {
	out := json.NewEncoder(w)
	if streamed {
		for _, p := range s.pods {
			_ = out.Encode(event(apiwatch.Added, p))
		}
		_ = out.Encode(event(apiwatch.Bookmark, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			ResourceVersion: "100", Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"},
		}}))
	}
	w.(http.Flusher).Flush()
	for {
		select {
		case e := <-s.events:
			_ = out.Encode(e)
			w.(http.Flusher).Flush()
		case <-ctx.Done():
			return
		}
	}
}

func refuse(w http.ResponseWriter, err *apierrors.StatusError) {
	err.ErrStatus.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	w.WriteHeader(int(err.ErrStatus.Code))
	_ = json.NewEncoder(w).Encode(err.ErrStatus)
}

func event(what apiwatch.EventType, p *corev1.Pod) metav1.WatchEvent {
	p = p.DeepCopy()
	p.TypeMeta = metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}
	if p.ResourceVersion == "" {
		p.ResourceVersion = "101"
	}
	return metav1.WatchEvent{Type: string(what), Object: runtime.RawExtension{Object: p}}
}

// lists returns the parameters of the list requests.
func (s *podServer) lists() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lists []string
	for _, q := range s.requests {
		if !q.Has("watch") {
			lists = append(lists, q.Encode())
		}
	}
	return lists
}
