package kubelet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// summaryLimit bounds the body in bytes. It grows with the pods of the node, by
// some 3 KB for each container.
const summaryLimit = 64 << 20

// Summary holds the file systems of a node; nil where the kubelet reports none.
type Summary struct {
	// NodeFS holds the kubelet's directory, logs and emptyDir volumes.
	NodeFS *Filesystem
	// ImageFS holds the container images.
	ImageFS *Filesystem
	// ContainerFS holds the writable layers of containers.
	ContainerFS *Filesystem
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
	AvailableBytes *uint64 `json:"availableBytes"`
	CapacityBytes  *uint64 `json:"capacityBytes"`
	InodesFree     *uint64 `json:"inodesFree"`
	Inodes         *uint64 `json:"inodes"`
}

func (s *fsStats) filesystem() *Filesystem {
	if s == nil {
		return nil
	}
	return &Filesystem{Bytes: room(s.AvailableBytes, s.CapacityBytes), Inodes: room(s.InodesFree, s.Inodes)}
}

// room needs both numbers, like the kubelet itself before it decides anything.
func room(available, capacity *uint64) *Room {
	if available == nil || capacity == nil {
		return nil
	}
	return &Room{Available: *available, Capacity: *capacity}
}

// decodeSummary keeps the node's part. The pods' part may be megabytes; it is
// read to its end, as the kubelet logs an error for each body that is not, but
// never held.
func decodeSummary(r io.Reader) (Summary, error) {
	d := json.NewDecoder(r)
	if err := begin(d); err != nil {
		return Summary{}, fmt.Errorf("summary: %w", err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return Summary{}, fmt.Errorf("summary: %w", err)
		}
		if key == "node" {
			summary, err := decodeNode(d)
			if err != nil {
				return Summary{}, fmt.Errorf("node in the summary: %w", err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				return Summary{}, fmt.Errorf("rest of the summary: %w", err)
			}
			return summary, nil
		}
		if err := skip(d); err != nil {
			return Summary{}, fmt.Errorf("%v in the summary: %w", key, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return Summary{}, fmt.Errorf("summary: %w", err)
	}
	return Summary{}, errors.New("no node in the summary")
}

func decodeNode(d *json.Decoder) (Summary, error) {
	var node *struct {
		FS      *fsStats `json:"fs"`
		Runtime struct {
			ImageFS     *fsStats `json:"imageFs"`
			ContainerFS *fsStats `json:"containerFs"`
		} `json:"runtime"`
	}
	if err := d.Decode(&node); err != nil {
		return Summary{}, err
	}
	if node == nil {
		return Summary{}, errors.New("null")
	}
	return Summary{
		NodeFS:      node.FS.filesystem(),
		ImageFS:     node.Runtime.ImageFS.filesystem(),
		ContainerFS: node.Runtime.ContainerFS.filesystem(),
	}, nil
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
