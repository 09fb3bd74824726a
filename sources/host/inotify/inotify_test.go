package inotify

import (
	"strings"
	"testing"
)

func TestSliceOf(t *testing.T) {
	t.Parallel()
	for cgroups, want := range map[string]Slice{
		"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-2.scope\n": Pods,
		"4:memory:/kubepods/besteffort/pod1/2\n0::/\n":                                                       Pods,
		"0::/../../pod1/2\n":                                              Pods,
		"0::/../../../../system.slice/cron.service":                       System,
		"0::/system.slice/kubelet.service\n":                              System,
		"0::/init.scope\n":                                                System,
		"1:name=systemd:/user.slice/user-0.slice/session-1.scope\n0::/\n": Login,
		"0::/\n":         Other,
		"0::/docker/1\n": Other,
		"":               Other,
		"no cgroups":     Other,
	} {
		if got := sliceOf(cgroups); got != want {
			t.Errorf("%q is of %q, want %q", cgroups, got, want)
		}
	}
}

func TestCommandOf(t *testing.T) {
	t.Parallel()
	for comm, want := range map[string]string{
		"kubelet\n": "kubelet", "a b\"c\\d\x01\n": "a_b_c_d_", "\xff\xfe\n": "__", "\n": "unknown",
		"runc:[2:INIT]\n": "runc:[2:INIT]", strings.Repeat("x", 40): strings.Repeat("x", 15),
	} {
		if got := commandOf(comm); got != want {
			t.Errorf("%q becomes %q, want %q", comm, got, want)
		}
	}
}

func TestEffectiveUID(t *testing.T) {
	t.Parallel()
	if uid, ok := effectiveUID("Name:\tx\nUid:\t1000\t0\t1000\t1000\nGid:\t1\t1\t1\t1\n"); uid != 0 || !ok {
		t.Errorf("%d, %t: want the second number", uid, ok)
	}
	for _, status := range []string{"", "Uid:\n", "Uid:\t1\n", "Uid:\t1\tx\n", "Name:\tx\n"} {
		if uid, ok := effectiveUID(status); ok {
			t.Errorf("%q has user %d", status, uid)
		}
	}
}
