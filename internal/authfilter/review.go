package authfilter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"k8s.io/client-go/rest"
)

// answerLimit bounds an answer, in bytes.
const answerLimit = 1 << 20

// reviewer asks the API server. The objects are written by hand: their Go types come with
// clients and codecs of their own.
type reviewer struct {
	base   *url.URL
	client *http.Client
}

func newReviewer(config *rest.Config) (*reviewer, error) {
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, err
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	own := *client
	// A token goes nowhere but to the API server.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &reviewer{base: base, client: &own}, nil
}

// user is whom the API server takes somebody for.
type user struct {
	Username string              `json:"username"`
	UID      string              `json:"uid,omitempty"`
	Groups   []string            `json:"groups,omitempty"`
	Extra    map[string][]string `json:"extra,omitempty"`
}

// whose is a TokenReview: it returns whom the token belongs to, and whether it is known.
func (r *reviewer) whose(ctx context.Context, token string) (user, bool, error) {
	var answer struct {
		Status struct {
			Authenticated bool `json:"authenticated"`
			User          user `json:"user"`
		} `json:"status"`
	}
	err := r.post(ctx, "authentication.k8s.io", "TokenReview", "tokenreviews", map[string]any{"token": token}, &answer)
	if err == nil && answer.Status.Authenticated && answer.Status.User.Username == "" {
		err = errors.New("a TokenReview names no user")
	}
	return answer.Status.User, answer.Status.Authenticated, err
}

// may is a SubjectAccessReview: it tells whether the user may do the verb on the path.
func (r *reviewer) may(ctx context.Context, u user, verb, path string) (bool, error) {
	spec := map[string]any{
		"user": u.Username, "uid": u.UID, "groups": u.Groups, "extra": u.Extra,
		"nonResourceAttributes": map[string]string{"path": path, "verb": verb},
	}
	var answer struct {
		Status struct {
			Allowed bool `json:"allowed"`
			Denied  bool `json:"denied"`
		} `json:"status"`
	}
	err := r.post(ctx, "authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews", spec, &answer)
	return answer.Status.Allowed && !answer.Status.Denied, err
}

// rightError says that kubevitals itself may not create a kind of reviews.
type rightError struct{ resource string }

func (e *rightError) Error() string { return "no right to create " + e.resource }

// post creates an object of a group and decodes it as the API server returns it.
func (r *reviewer) post(ctx context.Context, group, kind, resource string, spec, answer any) error {
	body, err := json.Marshal(map[string]any{"apiVersion": group + "/v1", "kind": kind, "metadata": map[string]any{}, "spec": spec})
	if err != nil {
		return fmt.Errorf("%s: %w", resource, err)
	}
	at := r.base.JoinPath("apis", group, "v1", resource)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", resource, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", resource, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("%s: %w", resource, err)
	}
	switch response.StatusCode {
	case http.StatusCreated, http.StatusOK:
	case http.StatusForbidden:
		return &rightError{resource}
	default:
		return fmt.Errorf("%s: the API server answers %s", resource, response.Status)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("%s: %w", resource, err)
	}
	return nil
}
