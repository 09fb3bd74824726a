//go:build !linux

package filesystem

import (
	"errors"
	"fmt"
)

func ask(string, string) answer {
	return answer{err: fmt.Errorf("space of a file system: %w", errors.ErrUnsupported)}
}
