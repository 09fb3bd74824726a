package kubelet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// summaryLimits bound the body. It grows with the pods of the node, by some 3 KB for
// each container, and is never held.
func summaryLimits() bounded.JSON {
	return bounded.JSON{Bytes: 64 << 20, Depth: 32, Token: 16 << 10, Once: nodeKey}
}

// nodeKey is where the node's part is.
const nodeKey = "node"

// nodeLimit bounds the node's part, which is decoded as a whole, in bytes. Most of it
// are network interfaces.
const nodeLimit = 1 << 20

// Summary holds the file systems of a node; nil where the kubelet reports none.
type Summary struct {
	// NodeFS holds the kubelet's directory, logs and emptyDir volumes.
	NodeFS *Filesystem
	// ImageFS holds the container images.
	ImageFS *Filesystem
	// ContainerFS holds the writable layers of containers.
	ContainerFS *Filesystem
	// Invalid names what the kubelet says that cannot be, such as "nodefs inodes". It
	// is not in the rest.
	Invalid []string
}

// Filesystem is the room on one file system; nil where it is not known whole.
type Filesystem struct {
	// Bytes are bytes.
	Bytes *Room
	// Inodes are a number of inodes. Some file systems have no limit to them and
	// report a capacity of 0.
	Inodes *Room
}

// Room is how much there is and how much of it is left.
type Room struct {
	Available, Capacity uint64
}

// fsStats is a file system in /stats/summary.
type fsStats struct {
	// Time is when it was measured.
	Time           time.Time `json:"time,omitzero"`
	AvailableBytes *uint64   `json:"availableBytes,omitempty"`
	CapacityBytes  *uint64   `json:"capacityBytes,omitempty"`
	InodesFree     *uint64   `json:"inodesFree,omitempty"`
	Inodes         *uint64   `json:"inodes,omitempty"`
}

// nodeStats is the node's part of /stats/summary.
type nodeStats struct {
	Name    string   `json:"nodeName,omitempty"`
	FS      *fsStats `json:"fs,omitempty"`
	Runtime struct {
		ImageFS     *fsStats `json:"imageFs,omitempty"`
		ContainerFS *fsStats `json:"containerFs,omitempty"`
	} `json:"runtime"`
}

// filesystem tells invalid of what cannot be: more left than there is, or a disk of no
// size, as kubelets report for a moment when they start.
func (s *fsStats) filesystem(invalid func(what string)) *Filesystem {
	if s == nil {
		return nil
	}
	fs := &Filesystem{Bytes: room(s.AvailableBytes, s.CapacityBytes), Inodes: room(s.InodesFree, s.Inodes)}
	if r := fs.Bytes; r != nil && (r.Capacity == 0 || r.Available > r.Capacity) {
		fs.Bytes = nil
		invalid("bytes")
	}
	if r := fs.Inodes; r != nil && r.Available > r.Capacity {
		fs.Inodes = nil
		invalid("inodes")
	}
	return fs
}

// room needs both numbers, like the kubelet itself before it decides anything.
func room(available, capacity *uint64) *Room {
	if available == nil || capacity == nil {
		return nil
	}
	return &Room{Available: *available, Capacity: *capacity}
}

// decodeSummary keeps the file systems of the node, if the answer is one of now.
func decodeSummary(r io.Reader, by origin) (Summary, error) {
	node, err := readNode(r)
	if err != nil {
		return Summary{}, err
	}
	if err := by.check(node); err != nil {
		return Summary{}, err
	}
	return node.summary(), nil
}

func (n *nodeStats) summary() Summary {
	var s Summary
	of := func(name string) func(string) {
		return func(what string) { s.Invalid = append(s.Invalid, name+" "+what) }
	}
	s.NodeFS = n.FS.filesystem(of("nodefs"))
	s.ImageFS = n.Runtime.ImageFS.filesystem(of("imagefs"))
	s.ContainerFS = n.Runtime.ContainerFS.filesystem(of("containerfs"))
	return s
}

// reduceSummary copies the figures that decodeSummary reads.
func reduceSummary(r io.Reader, w io.Writer) error {
	node, err := readNode(r)
	if err != nil {
		return err
	}
	node.Name = ""
	for _, fs := range []*fsStats{node.FS, node.Runtime.ImageFS, node.Runtime.ContainerFS} {
		if fs != nil {
			fs.Time = time.Time{}
		}
	}
	return json.NewEncoder(w).Encode(map[string]*nodeStats{nodeKey: node})
}

// readNode keeps the node's part. The pods' part may be megabytes; it is
// read to its end, as the kubelet logs an error for each body that is not, but
// never held.
func readNode(r io.Reader) (*nodeStats, error) {
	in := summaryLimits().Reader(r)
	d := json.NewDecoder(in)
	if err := begin(d); err != nil {
		return nil, fmt.Errorf("summary: %w", err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("summary: %w", err)
		}
		if key == nodeKey {
			in.Within(nodeLimit)
			node, err := decodeNode(d)
			in.Within(0)
			if err != nil {
				return nil, fmt.Errorf("node in the summary: %w", err)
			}
			if _, err := io.Copy(io.Discard, in); err != nil {
				return nil, fmt.Errorf("rest of the summary: %w", err)
			}
			if !in.Whole() {
				return nil, fmt.Errorf("rest of the summary: %w", io.ErrUnexpectedEOF)
			}
			return node, nil
		}
		if err := skip(d); err != nil {
			return nil, fmt.Errorf("a field of the summary: %w", err)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("summary: %w", err)
	}
	return nil, errors.New("no node in the summary")
}

func decodeNode(d *json.Decoder) (*nodeStats, error) {
	var node *nodeStats
	if err := d.Decode(&node); err != nil {
		return nil, err
	}
	if node == nil {
		return nil, errors.New("null")
	}
	return node, nil
}

func begin(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return fmt.Errorf("want an object, got %v", token)
	}
	return nil
}

// skip reads one value token by token: to decode it, even to nothing, would
// hold all of it in memory first.
func skip(d *json.Decoder) error {
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
