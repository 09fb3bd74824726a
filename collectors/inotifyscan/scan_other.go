//go:build !linux

package inotifyscan

import (
	"context"
	"errors"
	"fmt"
)

// Run fails: inotify is of Linux.
func Run(context.Context, string) (Scan, error) {
	return Scan{}, fmt.Errorf("count inotify watches: %w", errors.ErrUnsupported)
}
