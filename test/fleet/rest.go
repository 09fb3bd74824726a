package fleet

import (
	"errors"
	"net/http"

	"k8s.io/client-go/rest"
)

// nobody is the configuration of clients that are never asked: the lists of the model
// take their place.
func nobody() *rest.Config {
	return &rest.Config{Host: "https://fleet.invalid", Transport: unreachable{}}
}

type unreachable struct{}

// RoundTrip fails.
func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("a model has no API server to be asked")
}
