//go:build !linux

package inotify

import (
	"context"
	"errors"
	"fmt"
)

// Run fails: inotify is of Linux.
func Run(context.Context, string) (Scan, error) {
	return Scan{}, fmt.Errorf("count inotify watches: %w", errors.ErrUnsupported)
}
