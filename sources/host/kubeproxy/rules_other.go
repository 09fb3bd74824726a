//go:build !linux

package kubeproxy

import (
	"context"
	"errors"
)

func chainExists(context.Context) (bool, error) { return false, errors.ErrUnsupported }

func tableExists(context.Context) (bool, error) { return false, errors.ErrUnsupported }
