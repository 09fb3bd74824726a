package snapshot_test

import (
	"os"
	"testing"

	"k8s.io/klog/v2"
)

// TestMain silences what client-go says of lists that snapshots do not have.
func TestMain(m *testing.M) {
	klog.SetSlogLogger(silent())
	os.Exit(m.Run())
}
