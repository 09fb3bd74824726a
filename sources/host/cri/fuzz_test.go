package cri

import "testing"

// FuzzMessages verifies that an answer of a runtime is taken or refused, and that there
// is a bound to what is kept of it.
func FuzzMessages(f *testing.F) {
	f.Add(framed(status(NetworkReady, 0, "NetworkPluginNotReady")))
	f.Add(framed(append(text(versionRuntimeName, "containerd"), text(versionRuntimeVersion, "v2")...)))
	f.Add(framed([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f}))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := message(body)
		if err != nil {
			return
		}
		var r Result
		if err := r.decodeVersion(m); err == nil && (r.Name == "" || len(r.Name)+len(r.Release) > len(body)) {
			t.Errorf("version %+v", r)
		}
		_ = r.decodeStatus(m)
		if len(r.Conditions) > mostConditions {
			t.Errorf("%d conditions", len(r.Conditions))
		}
	})
}
