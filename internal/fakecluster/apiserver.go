package fakecluster

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// streams is what kube-apiserver allows on one HTTP/2 connection by default.
const streams = 100

// apiServer is one instance that is served.
type apiServer struct {
	*endpoint
	APIServer
	server *http.Server
}

func (c *Cluster) startAPIServers(ctx context.Context, specs []APIServer, untrusted *tls.Config) error {
	if !slices.ContainsFunc(specs, func(s APIServer) bool { return s.Fault == Healthy }) {
		return fmt.Errorf("the cluster has no healthy API server")
	}
	for _, spec := range specs {
		if !spec.Fault.valid() {
			return fmt.Errorf("API server %s: unknown fault %q", spec.Name, spec.Fault)
		}
		trusted, err := c.tlsFor(c.apiCA, "kube-apiserver", spec.CertificateExpiresIn)
		if err != nil {
			return err
		}
		s := &apiServer{APIServer: spec}
		s.server = c.newServer(ctx, func(w http.ResponseWriter, r *http.Request) { c.serveAPIServer(w, r, s) })
		s.server.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: streams}
		if spec.MaxConcurrentStreams > 0 {
			s.server.HTTP2.MaxConcurrentStreams = spec.MaxConcurrentStreams
		}
		s.endpoint = &endpoint{name: spec.Name, serve: c.serveWith(s.server), trusted: trusted, untrusted: untrusted}
		if err := s.set(ctx, spec.Fault); err != nil {
			return fmt.Errorf("API server %s: %w", spec.Name, err)
		}
		c.apiServers = append(c.apiServers, s)
	}
	return nil
}

func (c *Cluster) apiServer(name string) (*apiServer, bool) {
	i := slices.IndexFunc(c.apiServers, func(s *apiServer) bool { return s.Name == name })
	if i < 0 {
		return nil, false
	}
	return c.apiServers[i], true
}

// SetAPIServer changes what is wrong with an API server; its address stays the
// same and its connections break. Its entry in the EndpointSlices stays.
func (c *Cluster) SetAPIServer(ctx context.Context, name string, fault Fault) error {
	s, ok := c.apiServer(name)
	if !ok || !fault.valid() {
		return fmt.Errorf("set API server %s to %q: %w", name, fault, ErrNoObject)
	}
	if err := s.set(ctx, fault); err != nil {
		return fmt.Errorf("set API server %s to %q: %w", name, fault, err)
	}
	return nil
}

// APIServerAddress is host and port of an API server; empty when there is none
// of that name.
func (c *Cluster) APIServerAddress(name string) string {
	if s, ok := c.apiServer(name); ok {
		return s.address()
	}
	return ""
}

// serveAPIServer answers all requests to one API server.
func (c *Cluster) serveAPIServer(w http.ResponseWriter, r *http.Request, s *apiServer) {
	fault := s.state()
	if fault == Hung {
		<-r.Context().Done()
		return
	}
	if !c.authorized(r) {
		c.codecs.fail(w, r, apierrors.NewUnauthorized("Unauthorized"))
		return
	}
	path := r.URL.Path
	switch {
	// What everybody may read who is known at all.
	case path == "/version":
		writeJSON(w, version.Info{Major: "1", GitVersion: c.version, Platform: "linux/amd64"})
	case path == "/healthz" || path == "/livez" || path == "/readyz":
		s.serveHealth(w, r)
	case fault == Forbidden:
		c.codecs.fail(w, r, forbiddenPath(r))
	case path == "/metrics":
		c.serveBody(w, r, s.Metrics, s.Name, metricsType)
	case strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/apis/"):
		c.serveAPI(w, r)
	default:
		c.codecs.fail(w, r, noSuchResource(r))
	}
}

func forbiddenPath(r *http.Request) error {
	verb := strings.ToLower(r.Method)
	return apierrors.NewForbidden(schema.GroupResource{}, "",
		fmt.Errorf("User %q cannot %s path %q", userName, verb, r.URL.Path)) //nolint:staticcheck // as the API server words it
}

// userName is who bears the token.
const userName = "kubevitals"

// metricsType is what promhttp says to clients without a preference.
const metricsType = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	// The client is gone if this fails.
	_ = json.NewEncoder(w).Encode(v)
}
