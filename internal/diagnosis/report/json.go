package report

import (
	"encoding/json"
	"io"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
)

// JSON writes a result as one object, in the form of docs/check-output.md.
func JSON(w io.Writer, r *diagnosis.Result) error { return Object(w, r) }

// Object writes a value as JSON for people to read, too.
func Object(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
