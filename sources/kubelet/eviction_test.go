package kubelet

import (
	"fmt"
	"testing"
)

func TestThreshold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		statement string
		capacity  uint64
		want      float64
		on, bad   bool
	}{
		// What the kubelet computes in single precision.
		{statement: "10%", capacity: 100_000_000_000, want: 10_000_000_149, on: true},
		{statement: "5%", capacity: 1000, want: 50, on: true},
		{statement: "12.5%", capacity: 1000, want: 125, on: true},
		{statement: "10%", capacity: 0, want: 0, on: true},
		{statement: "1Gi", capacity: 1000, want: 1 << 30, on: true},
		{statement: "500k", capacity: 1000, want: 500_000, on: true},
		{statement: "0%", capacity: 1000},
		{statement: "100%", capacity: 1000},
		{statement: "101%", bad: true},
		{statement: "-1%", bad: true},
		{statement: "NaN%", bad: true},
		{statement: "%", bad: true},
		{statement: "0", bad: true},
		{statement: "-1Gi", bad: true},
		{statement: "much", bad: true},
		{statement: "", bad: true},
	} {
		t.Run(fmt.Sprint(test.statement, " of ", test.capacity), func(t *testing.T) {
			t.Parallel()
			got, on, err := Threshold(test.statement, test.capacity)
			if got != test.want || on != test.on || (err != nil) != test.bad {
				t.Errorf("got %v, %v, %v", got, on, err)
			}
		})
	}
}

func TestContainerSignals(t *testing.T) {
	t.Parallel()
	disk := func(capacity, available uint64) *Filesystem {
		return &Filesystem{Bytes: &Room{available, capacity}}
	}
	for _, test := range []struct {
		name, want string
		summary    Summary
	}{
		{"one disk", "nodefs", Summary{NodeFS: disk(100, 50), ImageFS: disk(100, 49), ContainerFS: disk(100, 48)}},
		{"images and containers on a disk of their own", "imagefs", Summary{NodeFS: disk(100, 50), ImageFS: disk(200, 50), ContainerFS: disk(200, 50)}},
		{"only images on a disk of their own", "nodefs", Summary{NodeFS: disk(100, 50), ImageFS: disk(200, 50), ContainerFS: disk(100, 50)}},
		{"nothing known", "nodefs", Summary{}},
		{"node not known", "imagefs", Summary{NodeFS: nil, ImageFS: disk(200, 50), ContainerFS: disk(200, 50)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := test.summary.ContainerSignals(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
