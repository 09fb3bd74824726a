package fakecluster

import (
	"embed"
	"fmt"
	"io/fs"
	"time"
)

//go:embed demo
var demo embed.FS

// Demo returns a small cluster with an example of each failure; the file
// demo/cluster.yaml tells of which.
func Demo(now time.Time) (*Spec, error) {
	folder, err := fs.Sub(demo, "demo")
	if err != nil {
		return nil, fmt.Errorf("embedded cluster: %w", err)
	}
	s, err := Load(folder, now)
	if err != nil {
		return nil, fmt.Errorf("embedded cluster: %w", err)
	}
	return s, nil
}
