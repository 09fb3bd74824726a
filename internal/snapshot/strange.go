package snapshot

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// strangeBodies tells of answers that are of no node of the snapshot, and of those that
// are not of the kubelet under whose name they are. Statistics of another node of the
// snapshot are not taken; any other name may be that of the same node, replaced by whoever
// gave the snapshot away.
func (s *Snapshot) strangeBodies() []string {
	nodes := map[string]bool{}
	for _, o := range s.Objects {
		if node, ok := o.(*corev1.Node); ok {
			nodes[node.Name] = true
		}
	}
	var without, lines []string
	for _, name := range slices.Sorted(maps.Keys(s.kubelets)) {
		if !nodes[name] {
			without = append(without, name)
		}
		bodies := *s.kubelets[name]
		if b := bodies["/metrics"]; b != nil && !says(b, kubeletMetric) {
			lines = append(lines, fmt.Sprintf("what the dump has as metrics of the kubelet of %s has none of a kubelet: it may be of another component", name))
		}
		if b := bodies["/stats/summary"]; b != nil {
			if other := owner(b); other != "" && other != name {
				lines = append(lines, fmt.Sprintf("what the dump has as statistics of the kubelet of %s is of node %s", name, other))
				if nodes[other] {
					bodies["/stats/summary"] = invalid
				}
			}
		}
	}
	if len(without) > 0 {
		const most = 5
		lines = append(lines, fmt.Sprintf("the dump has answers of kubelets and no node of that name: %s", strings.Join(without[:min(most, len(without))], ", ")))
	}
	return lines
}

// invalid stands for an answer that cannot be taken.
func invalid() (io.ReadCloser, error) { return nil, &kubelet.NoAnswer{Reason: health.Invalid} }

// kubeletMetric begins the name of many metrics of all kubelets.
const kubeletMetric = "kubelet_"

// mostSought bounds how much of an answer is looked at to tell whose it is: metrics are
// sorted, and those of a kubelet come early.
const mostSought = 8 << 20

// says tells whether a line of a body begins with the text. One that cannot be read is
// told where it is read for good.
func says(b body, text string) bool {
	r, err := b()
	if err != nil {
		return true
	}
	defer func() { _ = r.Close() }()
	lines := bufio.NewScanner(io.LimitReader(r, mostSought))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if bytes.HasPrefix(lines.Bytes(), []byte(text)) {
			return true
		}
	}
	return lines.Err() != nil
}

// owner is the node that statistics say they are of.
func owner(b body) string {
	r, err := b()
	if err != nil {
		return ""
	}
	defer func() { _ = r.Close() }()
	start, _ := io.ReadAll(io.LimitReader(r, 64<<10)) // what cannot be read says nothing
	if found := nodeName().FindSubmatch(start); found != nil {
		return string(found[1])
	}
	return ""
}

func nodeName() *regexp.Regexp { return regexp.MustCompile(`"nodeName":\s*"([^"]+)"`) }
