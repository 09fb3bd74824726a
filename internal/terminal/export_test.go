package terminal

import "strings"

// Screen is what a terminal shows after an output.
func Screen(output string) string {
	lines := strings.Split(output, "\n")
	for i, line := range lines {
		if last := strings.LastIndex(line, "\r\x1b[K"); last >= 0 {
			lines[i] = line[last+len("\r\x1b[K"):]
		}
	}
	return strings.Join(lines, "\n")
}
