//go:build linux

package realnode

import (
	"fmt"
	"strings"
	"time"
)

// row is a line of the table of what really failed.
type row struct {
	failure, said string
	saidAfter     time.Duration
	named         []string
	namedAfter    []time.Duration
}

// String is the row in Markdown.
func (r row) String() string {
	var named []string
	for i, n := range r.named {
		named = append(named, fmt.Sprintf("%s (%.0f s)", n, r.namedAfter[i].Seconds()))
	}
	return fmt.Sprintf("| %s | %s (%.0f s) | %s |", r.failure, strings.ReplaceAll(r.said, "|", "/"), r.saidAfter.Seconds(), strings.Join(named, "; "))
}
