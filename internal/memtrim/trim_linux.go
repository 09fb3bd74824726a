package memtrim

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Trim gives back the pages of the program's own file that are mapped: code and
// tables. Starting touches nearly all of them, since every API group registers
// its types, and an agent that reads files needs few of them again. Those that are
// needed come back from the page cache, without the disk. It returns the bytes of
// address space that it looked at.
//
// A page that was changed in memory would be lost by this, such as one with
// addresses that the loader filled in. Regions with any such page are left alone.
func Trim() (uint64, error) {
	program, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("file of the program: %w", err)
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return 0, fmt.Errorf("mapped regions: %w", err)
	}
	var sum uint64
	for _, r := range clean(string(smaps), program) {
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, uintptr(r.begin), uintptr(r.end-r.begin), unix.MADV_DONTNEED); errno != 0 {
			return sum, fmt.Errorf("give back the pages of the program: %w", errno)
		}
		sum += r.end - r.begin
	}
	return sum, nil
}
