package kubelet

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// Threshold returns the absolute threshold that the eviction statement (10% or
// 1Gi) sets on a file system of the given capacity, computed like the kubelet
// does. It returns false when the statement switches the threshold off, and an
// error when the kubelet would not accept it.
func Threshold(statement string, capacity uint64) (float64, bool, error) {
	if !strings.HasSuffix(statement, "%") {
		if err := bounded.Quantity(statement); err != nil {
			return 0, false, fmt.Errorf("eviction threshold %.40q: %w", statement, err)
		}
		quantity, err := resource.ParseQuantity(statement)
		if err != nil {
			return 0, false, fmt.Errorf("eviction threshold %q: %w", statement, err)
		}
		if quantity.Sign() <= 0 {
			return 0, false, fmt.Errorf("eviction threshold %q: not positive", statement)
		}
		return quantity.AsApproximateFloat64(), true, nil
	}
	if statement == "0%" || statement == "100%" {
		return 0, false, nil
	}
	percentage, err := strconv.ParseFloat(strings.TrimRight(statement, "%"), 32)
	if err != nil {
		return 0, false, fmt.Errorf("eviction threshold %q: %w", statement, err)
	}
	if math.IsNaN(percentage) || percentage < 0 || percentage > 100 {
		return 0, false, fmt.Errorf("eviction threshold %q: not between 0%% and 100%%", statement)
	}
	// Single precision and then cut to an integer, as the kubelet has it: 10% of
	// 100 GB is 149 bytes more than one would think.
	return math.Floor(float64(capacity) * float64(float32(percentage)/100)), true, nil
}

// ContainerSignals returns the prefix of the eviction signals that hold for the
// containerfs: nodefs or imagefs. The kubelet overwrites what a configuration
// says of containerfs itself: it takes the thresholds of imagefs when images and
// containers share a disk that is not the node's, and those of nodefs otherwise.
// The summary names no devices, so file systems of equal size count as one.
func (s Summary) ContainerSignals() string {
	if same(s.ContainerFS, s.ImageFS) && !same(s.ImageFS, s.NodeFS) {
		return "imagefs"
	}
	return "nodefs"
}

// same compares sizes only. What is available changes between two readings of
// one disk, and so does the number of inodes on XFS.
func same(a, b *Filesystem) bool {
	return a != nil && b != nil && a.Bytes != nil && b.Bytes != nil && a.Bytes.Capacity == b.Bytes.Capacity
}
