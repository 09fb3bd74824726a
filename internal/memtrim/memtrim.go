// Package memtrim keeps the resident memory of the process small.
package memtrim

import (
	"strconv"
	"strings"
)

// region is a part of the address space that is a file of the program itself.
type region struct{ begin, end uint64 }

// clean returns the regions of the program's file that hold nothing but what the
// file holds: not writable, and without a page that differs from the file.
// It reads the form of /proc/self/smaps.
func clean(smaps, program string) []region {
	var regions []region
	var current *region
	for line := range strings.Lines(smaps) {
		fields := strings.Fields(line)
		if len(fields) >= 5 && strings.Contains(fields[0], "-") {
			current = nil
			if len(fields) == 6 && fields[5] == program && !strings.Contains(fields[1], "w") {
				current = parse(fields[0])
			}
			continue
		}
		if current != nil && len(fields) == 3 && fields[0] == "Anonymous:" {
			if fields[1] == "0" {
				regions = append(regions, *current)
			}
			current = nil
		}
	}
	return regions
}

func parse(span string) *region {
	from, to, _ := strings.Cut(span, "-")
	begin, err1 := strconv.ParseUint(from, 16, 64)
	end, err2 := strconv.ParseUint(to, 16, 64)
	if err1 != nil || err2 != nil || end <= begin {
		return nil
	}
	return &region{begin, end}
}
