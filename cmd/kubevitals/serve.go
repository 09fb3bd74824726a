package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promcollectors "github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/web"
)

// serve wires everything and serves until ctx ends.
func (c *command) serve(ctx context.Context, logger *slog.Logger) error {
	kubelets, host, err := c.inputs()
	if err != nil {
		return err
	}
	if err := toolkit.Validate(*c.web.WebConfigFile); err != nil {
		return &exitError{exitConfig, fmt.Errorf("--web.config.file: %w", err)}
	}
	watched, err := c.open(ctx, kubelets, logger)
	if err != nil {
		return err
	}
	defer func() { _ = watched.Close() }()
	listeners, err := c.listen(ctx)
	if err != nil {
		return &exitError{exitListen, err}
	}
	defer closeAll(listeners)

	sources, named, err := c.build(watched, host, logger)
	if err != nil {
		return err
	}
	if watched.Snapshot != nil {
		named = watched.Snapshot.AtPresent(named, time.Now)
	}
	frame := exporter.NewFrame(named, logger)
	pages := web.NewPages(web.Exporter{
		Frame: frame, Sources: sources, Target: c.targetLabels("self"), Timeout: c.timeout, Version: version.Version,
	})
	if c.selection.Scope() == collectors.Cluster {
		if err := pages.Prepare(); err != nil {
			return err
		}
	}
	handler, err := exporter.Handler(ctx, frame, exporter.Options{
		Timeout: c.timeout, TimeoutOffset: c.timeoutOffset, MaxRequests: c.maxRequests,
		Self: selfRegistry(), Ready: sources.Checks(), Pages: pages, Gathered: pages.Observe,
	}, logger)
	if err != nil {
		return err
	}

	ctx, stop := context.WithCancel(ctx)
	defer sources.Wait()
	defer stop()
	sources.Start(ctx)
	logger.Info("watching", "cluster", watched.REST.Host, "version", version.Version)
	return c.serveHTTP(ctx, listeners, handler, logger)
}

// serveHTTP serves until ctx ends, and then gives requests under way a moment.
func (c *command) serveHTTP(ctx context.Context, listeners []net.Listener, handler http.Handler, logger *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		// A scrape of a large cluster by a slow client may take long to write.
		WriteTimeout: c.timeout + time.Minute,
		IdleTimeout:  2 * time.Minute,
		ErrorLog:     slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() {
		if len(listeners) == 0 { // systemd passes the sockets
			failed <- toolkit.ListenAndServe(server, c.web, logger)
			return
		}
		failed <- toolkit.ServeMultiple(listeners, server, c.web, logger)
	}()
	for _, l := range listeners {
		_, _ = fmt.Fprintf(c.stdout, "kubevitals serves %[1]s/metrics\nIts status page is %[1]s/\n", c.url(l.Addr()))
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	// Not derived from ctx, which has ended.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// listen opens the listen addresses, so that a taken one is found before the
// cluster is asked anything.
func (c *command) listen(ctx context.Context) ([]net.Listener, error) {
	if *c.web.WebSystemdSocket {
		return nil, nil
	}
	var listeners []net.Listener
	for _, address := range *c.web.WebListenAddresses {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			closeAll(listeners)
			return nil, fmt.Errorf("--web.listen-address=%s: %w; choose another address", address, err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close()
	}
}

// url is where a person on this machine opens the address.
func (c *command) url(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if config, err := os.ReadFile(*c.web.WebConfigFile); err == nil && strings.Contains(string(config), "tls_server_config") {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// selfRegistry gathers the metrics of the process itself.
func selfRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		promcollectors.NewGoCollector(),
		promcollectors.NewProcessCollector(promcollectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector(exporter.Namespace),
	)
	return r
}
