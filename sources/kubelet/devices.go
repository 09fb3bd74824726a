package kubelet

import "slices"

// Device is one disk of a node, or what cannot be told from one.
type Device struct {
	// Names are what the kubelet calls it: nodefs, imagefs, containerfs; the first is
	// the one that it is told by.
	Names []string
	// Signals are the prefixes of the eviction signals that hold for it.
	Signals []string
	// Filesystem is the least that is left by the readings under all the names.
	Filesystem
}

// Devices returns the disks of the node in the order nodefs, imagefs, containerfs, each
// once. The summary names no devices. File systems of one size of which nearly as much is
// left are told as one: it is wrong of two disks by less than alike allows, and the
// readings of one disk, taken one after the other, differ by what was written meanwhile.
func (s Summary) Devices() []Device {
	var devices []Device
	for _, f := range []struct {
		name, signals string
		*Filesystem
	}{
		{"nodefs", "nodefs", s.NodeFS}, {"imagefs", "imagefs", s.ImageFS}, {"containerfs", s.ContainerSignals(), s.ContainerFS},
	} {
		if f.Filesystem == nil {
			continue
		}
		i := slices.IndexFunc(devices, func(d Device) bool { return alike(d.Bytes, f.Bytes) && alike(d.Inodes, f.Inodes) })
		if i < 0 {
			devices = append(devices, Device{Names: []string{f.name}, Signals: []string{f.signals}, Filesystem: *f.Filesystem})
			continue
		}
		d := &devices[i]
		d.Names = append(d.Names, f.name)
		if !slices.Contains(d.Signals, f.signals) {
			d.Signals = append(d.Signals, f.signals)
		}
		d.Bytes, d.Inodes = least(d.Bytes, f.Bytes), least(d.Inodes, f.Inodes)
	}
	return devices
}

// alike tells whether two readings differ by at most a hundredth of the whole, or neither
// is known. XFS makes inodes as it goes, so that their number differs as well.
func alike(a, b *Room) bool {
	if a == nil || b == nil {
		return a == b
	}
	slack := max(a.Capacity, b.Capacity) / 100
	return distance(a.Capacity, b.Capacity) <= slack && distance(a.Available, b.Available) <= slack
}

func distance(a, b uint64) uint64 { return max(a, b) - min(a, b) }

// least returns the reading by which less is left.
func least(a, b *Room) *Room {
	if a == nil || b != nil && b.Available < a.Available {
		return b
	}
	return a
}
