package fakecluster_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/kubevitals/kubevitals/sources/scheme"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

func names(pods []corev1.Pod) []string {
	var all []string
	for _, p := range pods {
		all = append(all, p.Namespace+"/"+p.Name)
	}
	return all
}

func TestList(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(
		pod("a", "one", "node-1", "app", "web"), pod("a", "two", "node-2"), pod("b", "one", "node-2", "app", "web"),
	), fakecluster.Options{})
	cases := []struct {
		name, namespace string
		options         metav1.ListOptions
		want            []string
	}{
		{"all namespaces", "", metav1.ListOptions{}, []string{"a/one", "a/two", "b/one"}},
		{"any version", "", metav1.ListOptions{ResourceVersion: "0"}, []string{"a/one", "a/two", "b/one"}},
		{"any version is never paged", "", metav1.ListOptions{ResourceVersion: "0", Limit: 1}, []string{"a/one", "a/two", "b/one"}},
		{"one namespace", "a", metav1.ListOptions{}, []string{"a/one", "a/two"}},
		{"labels", "", metav1.ListOptions{LabelSelector: "app=web"}, []string{"a/one", "b/one"}},
		{"name", "", metav1.ListOptions{FieldSelector: "metadata.name=one"}, []string{"a/one", "b/one"}},
		{"node", "", metav1.ListOptions{FieldSelector: "spec.nodeName=node-2"}, []string{"a/two", "b/one"}},
		{"labels and node", "", metav1.ListOptions{LabelSelector: "app", FieldSelector: "spec.nodeName=node-2"}, []string{"b/one"}},
		{"nothing", "c", metav1.ListOptions{}, nil},
	}
	for _, mediaType := range []string{jsonType, protobufType} {
		client := typed(t, c, mediaType)
		for _, tc := range cases {
			t.Run(mediaType+" "+tc.name, func(t *testing.T) {
				t.Parallel()
				list, err := client.CoreV1().Pods(tc.namespace).List(t.Context(), tc.options)
				if err != nil {
					t.Fatal(err)
				}
				if got := names(list.Items); !slices.Equal(got, tc.want) {
					t.Errorf("got %v, want %v", got, tc.want)
				}
				if list.ResourceVersion == "" || list.Continue != "" {
					t.Errorf("resource version %q, continue %q", list.ResourceVersion, list.Continue)
				}
			})
		}
	}
}

func TestPagesShowOneMoment(t *testing.T) {
	t.Parallel()
	s := spec()
	var want []string
	for i := range 25 {
		s.Objects = append(s.Objects, pod("a", fmt.Sprintf("p-%02d", i), "node-1"))
		want = append(want, fmt.Sprintf("a/p-%02d", i))
	}
	c := serve(t, s, fakecluster.Options{})
	pods := typed(t, c, protobufType).CoreV1().Pods("")
	first, err := pods.List(t.Context(), metav1.ListOptions{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if first.RemainingItemCount == nil || *first.RemainingItemCount != 15 {
		t.Errorf("remaining: %v", first.RemainingItemCount)
	}
	// What happens between the pages belongs to the next list.
	if err := c.Upsert(t.Context(), pod("a", "p-105", "node-1")); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(pod("a", "p-20", "")); err != nil {
		t.Fatal(err)
	}
	got := names(first.Items)
	next := first.Continue
	for next != "" {
		page, err := pods.List(t.Context(), metav1.ListOptions{Limit: 10, Continue: next})
		if err != nil {
			t.Fatal(err)
		}
		if page.ResourceVersion != first.ResourceVersion {
			t.Errorf("page of version %s, the first was of %s", page.ResourceVersion, first.ResourceVersion)
		}
		got, next = append(got, names(page.Items)...), page.Continue
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	exact, err := pods.List(t.Context(), metav1.ListOptions{
		ResourceVersion: first.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(exact.Items); !slices.Equal(got, want) {
		t.Errorf("exact list: got %v, want %v", got, want)
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(pod("a", "one", "")), fakecluster.Options{})
	known := typed(t, c, jsonType).CoreV1().RESTClient()
	config := c.RESTConfig()
	config.BearerToken = "wrong"
	stranger, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	unknown := stranger.CoreV1().RESTClient()
	// Without the retries of the client, which a 504 invites to.
	list := func(client rest.Interface, resource string, o metav1.ListOptions) error {
		return client.Get().MaxRetries(0).Resource(resource).VersionedParams(&o, scheme.ParameterCodec).Do(t.Context()).Error()
	}
	for _, mediaType := range []string{jsonType, protobufType} {
		_, err := typed(t, c, mediaType).CoreV1().Pods("a").Get(t.Context(), "two", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("object that does not exist as %s: %v", mediaType, err)
		}
	}
	if err := list(unknown, "pods", metav1.ListOptions{}); !apierrors.IsUnauthorized(err) {
		t.Errorf("wrong token: %v", err)
	}
	if err := list(known, "secrets", metav1.ListOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("resource that is not served: %v", err)
	}
	if err := list(known, "pods", metav1.ListOptions{FieldSelector: "spec.priority=1"}); !apierrors.IsBadRequest(err) {
		t.Errorf("field that cannot be selected by: %v", err)
	}
	if err := list(known, "pods", metav1.ListOptions{ResourceVersion: "9999999999"}); !apierrors.IsTimeout(err) ||
		!apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		t.Errorf("version of the future: %v", err)
	}
	if err := list(known, "pods", metav1.ListOptions{Continue: "?"}); !apierrors.IsBadRequest(err) {
		t.Errorf("bad continue token: %v", err)
	}
	if err := list(known, "pods", metav1.ListOptions{ResourceVersion: "1", ResourceVersionMatch: "Exact"}); !apierrors.IsResourceExpired(err) {
		t.Errorf("version of long ago: %v", err)
	}
	if err := c.Refuse("pods", &apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("no")).ErrStatus); err != nil {
		t.Fatal(err)
	}
	if err := list(known, "pods", metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("refused: %v", err)
	}
	if err := c.Refuse("pods", nil); err != nil {
		t.Fatal(err)
	}
	if err := list(known, "pods", metav1.ListOptions{}); err != nil {
		t.Errorf("no longer refused: %v", err)
	}
	if err := c.Refuse("secrets", nil); !errors.Is(err, fakecluster.ErrNoObject) {
		t.Errorf("refuse what is not there: %v", err)
	}
}

func TestProtobufIsNotForUnstructured(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(apiService("v1beta1.metrics.k8s.io", "False")), fakecluster.Options{})
	config := c.RESTConfig()
	config.AcceptContentTypes = protobufType
	client := httpClient(t, config)
	status, _ := get(t, client, config.Host+"/apis/apiregistration.k8s.io/v1/apiservices")
	if status != 200 {
		t.Errorf("without preference: %d", status)
	}
	request := typed(t, c, protobufType).CoreV1().RESTClient().Get().AbsPath("/apis/apiregistration.k8s.io/v1/apiservices")
	if err := request.Do(t.Context()).Error(); !apierrors.IsNotAcceptable(err) {
		t.Errorf("protobuf only: %v", err)
	}
}
