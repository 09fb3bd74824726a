package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// ID is the same for the same finding in each look, whatever the cluster is called: 32
// digits of a hash.
func (m Member) ID() string {
	var b strings.Builder
	b.WriteString(m.Alert)
	for _, name := range slices.Sorted(maps.Keys(m.Labels)) {
		if name != clusterLabel {
			b.WriteString("\x00" + name + "\x00" + m.Labels[name])
		}
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:16])
}
