package apiserver

import (
	"strconv"
	"testing"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// FuzzVersionOf verifies that an answer to the write probe has a version that etcd may
// come to, or none.
func FuzzVersionOf(f *testing.F) {
	f.Add([]byte(`{"metadata":{"uid":"a","resourceVersion":"7"}}`))
	f.Add([]byte(`{"details":{"causes":[{"reason":"ResourceVersionTooLarge"}]}}`))
	f.Add([]byte(`{"metadata":{"resourceVersion":"-1"}}`))
	f.Add([]byte(`{"metadata":{"resourceVersion":"9223372036854775806"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		version, err := versionOf(body)
		if err != nil && version != 0 || !bounded.Revision(version) {
			t.Errorf("version %s and %v", strconv.FormatUint(version, 10), err)
		}
		_, _ = storeOf(body), refusesVersion(body)
	})
}
