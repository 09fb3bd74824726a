package health

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiwatch "k8s.io/apimachinery/pkg/watch"
)

// versionOf returns the version of an object; empty if it has none.
func versionOf(o runtime.Object) string {
	m, err := meta.CommonAccessor(o)
	if err != nil {
		return ""
	}
	return m.GetResourceVersion()
}

// lastOfList tells whether the event ends the list with which the watch began.
func lastOfList(e apiwatch.Event) bool {
	if e.Type != apiwatch.Bookmark {
		return false
	}
	m, err := meta.Accessor(e.Object)
	return err == nil && m.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true"
}

// gone tells whether an event only says that the watch has to begin anew.
func gone(e apiwatch.Event) bool {
	err := apierrors.FromObject(e.Object)
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
}

// known tells whether a version is one: without it, nothing can be resumed, nor compared.
func known(version string) bool { return version != "" && version != "0" }

// continueOf is where the next page of a list begins; empty if there is none.
func continueOf(list runtime.Object) string {
	m, err := meta.ListAccessor(list)
	if err != nil {
		return ""
	}
	return m.GetContinue()
}

// expired is the event that makes a reflector list anew.
func expired(why string) apiwatch.Event {
	status := apierrors.NewResourceExpired(why).Status()
	return apiwatch.Event{Type: apiwatch.Error, Object: &status}
}
