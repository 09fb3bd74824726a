package kubelet

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestDevices(t *testing.T) {
	t.Parallel()
	disk := func(available, capacity, free, inodes uint64) *Filesystem {
		return &Filesystem{Bytes: &Room{available, capacity}, Inodes: &Room{free, inodes}}
	}
	one := disk(500, 1000, 900, 1000)
	for _, tt := range []struct {
		name    string
		summary Summary
		want    []string // names/signals/bytes left
	}{
		{"one disk", Summary{NodeFS: one, ImageFS: one, ContainerFS: one}, []string{"nodefs,imagefs,containerfs/nodefs,imagefs/500"}},
		{
			"one disk, written to while it is read", Summary{NodeFS: one, ImageFS: disk(491, 1000, 899, 1000), ContainerFS: disk(495, 1000, 899, 1000)},
			[]string{"nodefs,imagefs,containerfs/nodefs,imagefs/491"},
		},
		{"XFS", Summary{NodeFS: one, ImageFS: disk(499, 1000, 893, 995)}, []string{"nodefs,imagefs/nodefs,imagefs/499"}},
		{"a disk for images and containers", Summary{NodeFS: one, ImageFS: disk(500, 2000, 900, 2000), ContainerFS: disk(500, 2000, 900, 2000)},
			[]string{"nodefs/nodefs/500", "imagefs,containerfs/imagefs/500"}},
		{"a disk for images", Summary{NodeFS: one, ImageFS: disk(500, 2000, 900, 2000), ContainerFS: one},
			[]string{"nodefs,containerfs/nodefs/500", "imagefs/imagefs/500"}},
		{"two disks of one size", Summary{NodeFS: one, ImageFS: disk(480, 1000, 900, 1000)}, []string{"nodefs/nodefs/500", "imagefs/imagefs/480"}},
		{"two disks that differ by their inodes", Summary{NodeFS: one, ImageFS: disk(500, 1000, 100, 1000)}, []string{"nodefs/nodefs/500", "imagefs/imagefs/500"}},
		{"one without inodes", Summary{NodeFS: one, ImageFS: &Filesystem{Bytes: one.Bytes}}, []string{"nodefs/nodefs/500", "imagefs/imagefs/500"}},
		{"nothing known", Summary{}, nil},
	} {
		var got []string
		for _, d := range tt.summary.Devices() {
			got = append(got, strings.Join(d.Names, ",")+"/"+strings.Join(d.Signals, ",")+"/"+strconv.FormatUint(d.Bytes.Available, 10))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
