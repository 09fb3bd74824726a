// Package server serves over HTTP until it is told to end.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
)

// Options say how to serve.
type Options struct {
	// Web are the flags of exporter-toolkit: addresses, TLS and passwords.
	Web *web.FlagConfig
	// TLS is served where the file of Web asks for none; nil for plain HTTP.
	TLS *tls.Config
	// WriteTimeout bounds an answer, from the end of the request's header on.
	WriteTimeout time.Duration
	// Serving is told the address of each listener, as a person on this machine opens
	// it. It may be nil.
	Serving func(url string)
}

// shutdownTimeout is how long requests under way may go on after the end.
const shutdownTimeout = 5 * time.Second

// headerLimit bounds what a request says before it is known who asks; cookies of proxies
// that let people in have some KiB.
const headerLimit = 16 << 10

// Listeners are open addresses. There are none if systemd passes them.
type Listeners []net.Listener

// Listen opens the addresses of the flags, before anything else is done that takes
// time. Its error names the address that cannot be used.
func Listen(ctx context.Context, flags *web.FlagConfig) (Listeners, error) {
	if *flags.WebSystemdSocket {
		return nil, nil
	}
	var all Listeners
	for _, address := range *flags.WebListenAddresses {
		if err := named(address); err != nil {
			all.Close()
			return nil, fmt.Errorf("--web.listen-address=%s: %w", address, err)
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			all.Close()
			return nil, fmt.Errorf("--web.listen-address=%s: %w; choose another address", address, err)
		}
		all = append(all, l)
	}
	return all, nil
}

// named refuses an address with nothing in its brackets, as [$POD_IP]:9898 becomes where the
// variable is empty: it would open the port at all addresses of the machine.
func named(address string) error {
	if strings.HasPrefix(address, "[]") {
		return errors.New("there is no address in the brackets: is POD_IP empty? Write :PORT for all addresses")
	}
	return nil
}

// Close closes all of them.
func (all Listeners) Close() {
	for _, l := range all {
		_ = l.Close()
	}
}

// Serve serves until ctx ends, and then gives requests under way a moment. It returns
// nil after that, and an error if it ends before.
func Serve(ctx context.Context, listeners Listeners, handler http.Handler, o Options, logger *slog.Logger) error {
	// One for each listener: exporter-toolkit changes the server that it is given.
	servers := make([]*http.Server, max(1, len(listeners)))
	for i := range servers {
		servers[i] = o.server(handler, logger)
	}
	failed := make(chan error, len(servers))
	if len(listeners) == 0 {
		go func() { failed <- web.ListenAndServe(servers[0], o.Web, logger) }()
	}
	for i, l := range o.inTLS(listeners) {
		go func() { failed <- web.ServeMultiple([]net.Listener{l}, servers[i], o.Web, logger) }()
	}
	if o.Serving != nil {
		secured := o.TLS != nil || asksForTLS(*o.Web.WebConfigFile)
		for _, l := range listeners {
			o.Serving(url(l.Addr(), secured))
		}
	}
	select {
	case err := <-failed:
		for _, s := range servers {
			_ = s.Close()
		}
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	// Not derived from ctx, which has ended.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	for _, s := range servers {
		if err := s.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("shut down: %w", err)
		}
	}
	return nil
}

func (o Options) server(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      o.WriteTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    headerLimit,
		ErrorLog:          sparseLog(logger, slog.LevelWarn),
	}
}

// inTLS are the listeners, each of which serves TLS where that is wanted.
func (o Options) inTLS(listeners Listeners) Listeners {
	if o.TLS == nil {
		return listeners
	}
	secured := make(Listeners, 0, len(listeners))
	for _, l := range listeners {
		secured = append(secured, tls.NewListener(l, o.TLS))
	}
	return secured
}

func asksForTLS(webConfig string) bool {
	config, err := ReadWebConfig(webConfig)
	return err == nil && config.TLS
}

// url is where a person on this machine opens the address.
func url(address net.Addr, secured bool) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if secured {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
