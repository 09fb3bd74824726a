package sources

import (
	"path/filepath"
)

// HostConfig says which machine a kubevitals of node scope looks at.
type HostConfig struct {
	// Root is where the file system of the host is mounted; "/" on the host itself.
	Root string
	// Node is the name of the host's Node object, which all its samples bear.
	Node string
}

// Host is the machine that a collector of node scope reads.
type Host struct{ config HostConfig }

// NewHost returns the machine that the configuration describes.
func NewHost(c HostConfig) Host { return Host{c} }

// Host returns the machine to read.
func (s *Sources) Host() Host { return NewHost(s.config.Host) }

// Node is the name of the host's Node object.
func (h Host) Node() string { return h.config.Node }

// Path is where a file of the host is found, such as Path("proc/sys/fs/inotify").
func (h Host) Path(elements ...string) string {
	return filepath.Join(append([]string{h.config.Root}, elements...)...)
}
