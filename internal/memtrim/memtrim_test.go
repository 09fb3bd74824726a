package memtrim

import (
	"bytes"
	"os"
	"runtime"
	"slices"
	"testing"
)

const smaps = `00400000-01afd000 r-xp 00000000 fe:00 11002138                           /bin/kubevitals
Size:              23540 kB
Rss:               16616 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
01afd000-034ee000 r--p 016fd000 fe:00 11002138                           /bin/kubevitals
Rss:               19716 kB
Anonymous:             0 kB
034ee000-0358d000 rw-p 030ee000 fe:00 11002138                           /bin/kubevitals
Anonymous:             0 kB
0358d000-0368d000 r--p 030ee000 fe:00 11002138                           /bin/kubevitals
Anonymous:            64 kB
7f0000000000-7f0000001000 r--p 00000000 fe:00 7                          /usr/lib/libc.so.6
Anonymous:             0 kB
7ffd00000000-7ffd00021000 r--p 00000000 00:00 0                          [vvar]
Anonymous:             0 kB
zz-aa r-xp 00000000 fe:00 11002138                           /bin/kubevitals
Anonymous:             0 kB
`

// TestClean holds that only what can be read again is given back.
func TestClean(t *testing.T) {
	t.Parallel()
	want := []region{{0x400000, 0x1afd000}, {0x1afd000, 0x34ee000}}
	if got := clean(smaps, "/bin/kubevitals"); !slices.Equal(got, want) {
		t.Errorf("regions %x, want %x", got, want)
	}
}

// TestTrim gives back the pages of this test's own program, which goes on.
func TestTrim(t *testing.T) {
	t.Parallel()
	sum, err := Trim()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" && sum == 0 {
		self, _ := os.ReadFile("/proc/self/smaps")
		t.Skipf("no region of the program is clean:\n%s", self)
	}
	var b bytes.Buffer
	for range 1000 {
		b.WriteString("still running")
	}
	if b.Len() != 13000 {
		t.Errorf("%d bytes", b.Len())
	}
}
