package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ListenHealth opens the address of --web.health-listen-address; there is no listener
// if it is empty. Its error names the address.
func ListenHealth(ctx context.Context, address string) (Listeners, error) {
	if address == "" {
		return nil, nil
	}
	if err := named(address); err != nil {
		return nil, fmt.Errorf("--web.health-listen-address=%s: %w", address, err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--web.health-listen-address=%s: %w; choose another address", address, err)
	}
	return Listeners{l}, nil
}

// ServeHealth serves the health endpoints, in plain HTTP and for whoever asks: the
// kubelet has neither a password nor a client certificate. It returns nil after ctx
// has ended, and an error if it ends before. Without a listener it waits for ctx.
func ServeHealth(ctx context.Context, listeners Listeners, handler http.Handler, logger *slog.Logger) error {
	if len(listeners) == 0 {
		<-ctx.Done()
		return nil
	}
	l := listeners[0]
	s := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          sparseLog(logger, slog.LevelDebug),
	}
	logger.Info("serving health endpoints", "address", l.Addr().String())
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve health endpoints: %w", err)
	}
	return nil
}
