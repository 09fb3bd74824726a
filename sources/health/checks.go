package health

import "strings"

// CheckLine reads a line of the verbose body of a health endpoint, as Kubernetes and etcd
// write it: "[+]NAME ok" or "[-]NAME failed: ...". The name is in UTF-8, as labels have
// to be; rest is what stands behind it. ok is false for a remark.
func CheckLine(line string) (name, rest string, good, ok bool) {
	line = strings.TrimSpace(line)
	good = strings.HasPrefix(line, "[+]")
	if !good && !strings.HasPrefix(line, "[-]") {
		return "", "", false, false
	}
	name, rest, _ = strings.Cut(line[len("[+]"):], " ")
	return strings.ToValidUTF8(name, "?"), rest, good, name != ""
}
