//go:build !linux

package cgroups

import (
	"context"
	"errors"
	"fmt"
)

// Read fails: cgroups are of Linux.
func Read(context.Context, string, string) (Count, error) {
	return Count{}, fmt.Errorf("count cgroups: %w", errors.ErrUnsupported)
}
