package kubelet

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/sources/health"
)

// notAuthorized begins the answer of a kubelet that cannot ask the API server what whoever
// shows a certificate may do. Of who shows a token it cannot ask who that is, and says 401.
const notAuthorized = "Authorization error (user="

// statusError says what an answer other than 200 stands for.
func statusError(resp *http.Response) error {
	reason := health.OfStatus(resp.StatusCode)
	if reason == health.Failed && resp.StatusCode < http.StatusInternalServerError {
		reason = health.Invalid // a redirect, say: no kubelet answers so
	}
	status := fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode)) // resp.Status may be of any length
	// The kubelet puts the cause in the body: who may not do what, for one.
	cause, err := io.ReadAll(io.LimitReader(resp.Body, 512))
	if err != nil || len(cause) == 0 {
		return &answerError{reason: reason, err: errors.New(status)}
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(cause)), "\n")
	if resp.StatusCode == http.StatusInternalServerError && strings.HasPrefix(line, notAuthorized) {
		reason = health.Unauthorized
	}
	return &answerError{reason: reason, err: fmt.Errorf("%s: %q", status, line)}
}

// answerError is a failure whose reason is known.
type answerError struct {
	reason health.Reason
	err    error
}

var _ health.Reasoner = (*answerError)(nil)

func (e *answerError) Error() string         { return e.err.Error() }
func (e *answerError) Unwrap() error         { return e.err }
func (e *answerError) Reason() health.Reason { return e.reason }

// invalidFigures is the error of an answer of which a part cannot be.
func invalidFigures(a answer) error {
	invalid := slices.Concat(a.summary.Invalid, a.config.Invalid, a.report.Invalid)
	return &answerError{health.Invalid, fmt.Errorf("figures that cannot be: %s", strings.Join(invalid, ", "))}
}

// unreachedError marks failures before there was a connection: nothing on the
// node can be asked then.
type unreachedError struct {
	err error
	// dialled: the connection came about, and the handshake did not.
	dialled bool
}

func (e *unreachedError) Error() string { return e.err.Error() }
func (e *unreachedError) Unwrap() error { return e.err }
