// Package results keeps what campaigns came to in files, as JSON.
package results

import (
	"encoding/json"
	"fmt"
	"os"
)

// Read reads what Write wrote. Its error names the file.
func Read[T any](file string) (T, error) {
	var r T
	text, err := os.ReadFile(file)
	if err != nil {
		return r, fmt.Errorf("report: %w", err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("report %s: %w", file, err)
	}
	return r, nil
}

// Write writes a report.
func Write(file string, report any) error {
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}
