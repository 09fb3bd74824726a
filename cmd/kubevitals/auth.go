package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/authfilter"
	"github.com/kubevitals/kubevitals/internal/server"
)

// auth says who may read what is served.
type auth struct {
	filter bool
	grace  time.Duration
}

func (a *auth) flags(app *kingpin.Application) {
	app.Flag("web.auth-filter", "Let those read alone whom the API server of the cluster knows by their token and allows to get the path (TokenReview, SubjectAccessReview). Serves TLS, by a certificate made at the start unless --web.config.file names one.").
		BoolVar(&a.filter)
	app.Flag("web.auth-filter.grace", "For how long since then who was let in may still read, with the same token, while the API server cannot be asked. 0 means not at all.").
		Default("24h").DurationVar(&a.grace)
}

// secured checks --web.config.file, and returns what is served where it has no certificate;
// nil stands for plain HTTP.
func (c *command) secured() (*tls.Config, error) {
	if err := toolkit.Validate(*c.web.WebConfigFile); err != nil {
		return nil, &exitError{exitConfig, fmt.Errorf("--web.config.file: %w", err)}
	}
	if !c.auth.filter {
		return nil, nil
	}
	config, err := server.ReadWebConfig(*c.web.WebConfigFile)
	switch {
	case err != nil:
		return nil, &exitError{exitConfig, fmt.Errorf("--web.config.file: %w", err)}
	case c.demo || c.snapshot != "":
		return nil, &exitError{exitUsage, errors.New("--web.auth-filter needs a cluster that lives: it excludes --demo and --snapshot")}
	case config.Passwords:
		return nil, &exitError{exitUsage, errors.New("--web.auth-filter excludes basic_auth_users in the file of --web.config.file: both are by the same header")}
	case config.TLS:
		return nil, nil
	case *c.web.WebSystemdSocket:
		return nil, &exitError{exitUsage, errors.New("--web.auth-filter with --web.systemd-socket needs a certificate in the file of --web.config.file")}
	}
	made, err := server.SelfMade(time.Now())
	if err != nil {
		return nil, fmt.Errorf("--web.auth-filter: %w", err)
	}
	return made, nil
}

// wrap puts the filter before what is served, if it is wanted.
func (a *auth) wrap(next, health http.Handler, config *rest.Config, scope collectors.Scope, logger *slog.Logger) (http.Handler, error) {
	if !a.filter {
		return next, nil
	}
	f, err := authfilter.New(config, authfilter.Options{
		Fresh: freshOf(scope), Grace: a.grace, Namespace: ownNamespace(), Now: time.Now, Logger: logger,
	})
	if err != nil {
		return nil, &exitError{exitConfig, fmt.Errorf("--web.auth-filter: %w", err)}
	}
	return f.Wrap(next, health), nil
}

// freshOf is for how long the API server is not asked again. There are as many agents as
// nodes: 5,000 that each asked twice a minute would be 170 requests a second.
func freshOf(scope collectors.Scope) time.Duration {
	if scope == collectors.Node {
		return 5 * time.Minute
	}
	return time.Minute
}

// ownNamespace is the namespace of the pod this runs in, or the usual one.
func ownNamespace() string {
	text, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
	if name := strings.TrimSpace(string(text)); err == nil && name != "" {
		return name
	}
	return "kubevitals"
}
