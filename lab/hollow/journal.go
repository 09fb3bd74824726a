package hollow

import (
	"fmt"
	"os"
	"path/filepath"
)

// journalctl stands in for the program of systemd, which the lab does not need:
// the kubelet runs it to answer queries for the logs of services. It knows one
// unit, and prints a file whatever lines it is asked for.
const journalctl = `#!/bin/sh
if [ "$1" = --field ]; then echo kubelet.service; else cat '%s'; fi
`

// serveJournal lets the kubelet find a journalctl that prints the file.
func serveJournal(dir, file string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := os.WriteFile(filepath.Join(bin, "journalctl"), fmt.Appendf(nil, journalctl, file), 0o700); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
}
