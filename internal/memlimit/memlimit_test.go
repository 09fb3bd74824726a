package memlimit

import (
	"math"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

// files are name, text, name, text.
func files(texts ...string) fstest.MapFS {
	all := fstest.MapFS{}
	for i := 0; i < len(texts); i += 2 {
		all[texts[i]] = &fstest.MapFile{Data: []byte(texts[i+1])}
	}
	return all
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	const unlimited = "9223372036854771712\n"
	for name, test := range map[string]struct {
		root fstest.MapFS
		want int64
	}{
		"no cgroups":                  {files(), 0},
		"a container":                 {files("proc/self/cgroup", "0::/\n", "sys/fs/cgroup/memory.max", "1073741824\n"), 1 << 30},
		"a container without a limit": {files("proc/self/cgroup", "0::/\n", "sys/fs/cgroup/memory.max", "max\n"), 0},
		"a service within a slice": {files("proc/self/cgroup", "0::/system.slice/kubevitals.service\n",
			"sys/fs/cgroup/system.slice/kubevitals.service/memory.max", "max\n", "sys/fs/cgroup/system.slice/memory.max", "536870912\n"), 1 << 29},
		"the tighter one counts": {files("proc/self/cgroup", "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max", "100\n", "sys/fs/cgroup/a/memory.max", "200\n"), 100},
		"a path of the host": {files("proc/self/cgroup", "0::/kubepods/pod1/c1\n", "sys/fs/cgroup/memory.max", "1073741824\n"), 1 << 30},
		"version 1": {files("proc/self/cgroup", "12:cpu,cpuacct:/x\n9:memory:/docker/c1\n1:name=systemd:/x\n0::/x\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes", unlimited, "sys/fs/cgroup/memory/docker/c1/memory.limit_in_bytes", "2097152\n"), 2 << 20},
		"version 1 without a limit": {files("proc/self/cgroup", "9:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes", unlimited), 0},
		"what is no number":         {files("proc/self/cgroup", "0::/\nx\n", "sys/fs/cgroup/memory.max", "-5\n"), 0},
		"a path that leads out":     {files("proc/self/cgroup", "0::/../../etc\n", "sys/fs/cgroup/memory.max", "7\n", "etc/memory.max", "5\n"), 7},
	} {
		if got, ok := Allowed(test.root); got != test.want && ok || ok != (test.want > 0) {
			t.Errorf("%s: %d, %t; want %d", name, got, ok, test.want)
		}
	}
}

//nolint:paralleltest // there is one limit for the process
func TestHeed(t *testing.T) {
	t.Cleanup(func() { debug.SetMemoryLimit(math.MaxInt64) })
	debug.SetMemoryLimit(math.MaxInt64)
	root := files("proc/self/cgroup", "0::/\n", "sys/fs/cgroup/memory.max", "10737418240\n")
	none := func(string) string { return "" }
	if got := Heed(root, func(string) string { return "1GiB" }); got != 0 || debug.SetMemoryLimit(-1) != math.MaxInt64 {
		t.Errorf("set to %d over that of the user", got)
	}
	if got := Heed(files(), none); got != 0 || debug.SetMemoryLimit(-1) != math.MaxInt64 {
		t.Errorf("set to %d without a limit", got)
	}
	const want = 10737418240 / 10 * 9
	if got := Heed(root, none); got != want || debug.SetMemoryLimit(-1) != want {
		t.Errorf("returned %d, set %d, want %d", got, debug.SetMemoryLimit(-1), int64(want))
	}
}
