package snapshot

import (
	"encoding/json"
	"fmt"
	"io"
)

// reveal writes what was replaced by what stands in its place.
func (r *redactor) reveal(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	originals := make(map[string]string, len(r.names))
	for name, replacement := range r.names {
		originals[replacement] = name
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(originals); err != nil {
		return fmt.Errorf("the names that were replaced: %w", err)
	}
	return nil
}
