// Package health keeps small views of the cluster up to date and knows how far
// each of them can be trusted: a view that cannot be read says why, and never
// hands out what it saw last as if it were still true.
package health

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// Reason says why a source can or cannot be read, and what a probe came to. The set
// is closed. A package whose probes tell more apart, such as answers of DNS, extends
// it with constants of its own, lists in Outcomes what its probes can come to, and
// says why.
type Reason string

// The reasons. Available is the only good one.
const (
	Available    Reason = "available"
	Starting     Reason = "starting"     // nothing was read yet
	Unreachable  Reason = "unreachable"  // no connection: refused, no route, name not found
	Timeout      Reason = "timeout"      // connected or not, no answer within the bound
	TLS          Reason = "tls"          // certificate or handshake refused
	Unauthorized Reason = "unauthorized" // 401
	Forbidden    Reason = "forbidden"    // 403
	NotFound     Reason = "not_found"    // 404: the resource or endpoint does not exist
	Overloaded   Reason = "overloaded"   // 429 or 503
	Invalid      Reason = "invalid"      // an answer that cannot be understood
	Stale        Reason = "stale"        // the last good answer is too old
	Failed       Reason = "error"        // anything else
)

// Reasons returns every reason, in the order above.
func Reasons() []Reason {
	return []Reason{
		Available, Starting, Unreachable, Timeout, TLS, Unauthorized, Forbidden,
		NotFound, Overloaded, Invalid, Stale, Failed,
	}
}

// Result is the reason as the label result of metrics of probes bears it: there a
// good answer is "ok", and one that lets us not ask, 401 or 403, is "denied".
func (r Reason) Result() string {
	switch r {
	case Available:
		return "ok"
	case Unauthorized, Forbidden:
		return "denied"
	}
	return string(r)
}

// Among returns the reason if its result is that of one of the outcomes, and Failed
// otherwise.
func (r Reason) Among(outcomes []Reason) Reason {
	for _, o := range outcomes {
		if r.Result() == o.Result() {
			return r
		}
	}
	return Failed
}

// A Reasoner is an error that knows its own Reason.
type Reasoner interface {
	error
	Reason() Reason
}

// Classify returns the reason that stands for err; Available when err is nil.
func Classify(err error) Reason {
	if err == nil {
		return Available
	}
	if own, ok := errors.AsType[Reasoner](err); ok {
		return own.Reason()
	}
	switch {
	case bounded.Is(err):
		return Invalid
	case apierrors.IsUnauthorized(err):
		return Unauthorized
	case apierrors.IsForbidden(err):
		return Forbidden
	case apierrors.IsNotFound(err):
		return NotFound
	case apierrors.IsTooManyRequests(err), apierrors.IsServiceUnavailable(err):
		return Overloaded
	case isTLS(err):
		return TLS
	case isTimeout(err):
		return Timeout
	case isUnreachable(err):
		return Unreachable
	}
	return Failed
}

// OfStatus returns the reason that an HTTP status stands for that is not the one
// hoped for.
func OfStatus(code int) Reason {
	switch code {
	case http.StatusUnauthorized:
		return Unauthorized
	case http.StatusForbidden:
		return Forbidden
	case http.StatusNotFound:
		return NotFound
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return Overloaded
	}
	return Failed
}

func isTLS(err error) bool {
	var (
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		alert     tls.AlertError
	)
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &authority) ||
		errors.As(err, &hostname) || errors.As(err, &invalid) || errors.As(err, &alert)
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err) {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

func isUnreachable(err error) bool {
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) {
		return true
	}
	var (
		op  *net.OpError
		dns *net.DNSError
		u   *url.Error
	)
	// A url.Error without any of the above is a connection that broke off.
	return errors.As(err, &op) || errors.As(err, &dns) || errors.As(err, &u)
}
