package hostile

import (
	"bytes"
	"encoding/binary"
	"io"
)

// The parts of objects that are as small as may be and become large.
const (
	magic = "k8s\x00"
	// eventLength is of an event of a watch, in bytes: next to the most that client-go
	// takes.
	eventLength = 15 << 20
	// announced is how long a list says to be, in bytes.
	announced = size / 2
)

// text is a field of protobuf with a text, or with a message, in it.
func text(number uint64, value string) string { return unended(number, uint64(len(value))) + value }

// typed is what objects of a kind begin with.
func typed(kind string) string {
	return magic + text(1, text(1, "v1")+text(2, kind))
}

// unended is a field whose text is that long, up to where the text begins.
func unended(number, length uint64) string {
	return string(binary.AppendUvarint(binary.AppendUvarint(nil, number<<3|2), length))
}

// tiny are the smallest elements that objects of a kind may have, and where they are.
func tiny() []struct{ Name, Kind, Part string } {
	return []struct{ Name, Kind, Part string }{
		{"empty managed fields", "Node", text(1, text(17, ""))},
		{"empty owners", "Node", text(1, text(13, ""))},
		{"empty labels", "Node", text(1, text(11, ""))},
		{"labels that differ", "Node", ""},
		{"empty conditions", "Node", text(3, text(4, ""))},
		{"empty addresses", "Node", text(3, text(5, ""))},
		{"empty containers", "Pod", text(2, text(2, ""))},
		{"empty volumes", "Pod", text(2, text(1, ""))},
		{"containers with empty variables", "Pod", text(2, text(2, text(7, "")+text(7, "")+text(7, "")+text(7, "")))},
		{"empty states of containers", "Pod", text(3, text(8, ""))},
	}
}

// object is an object of some length made of parts.
func object(part string, length int) string {
	if part != "" {
		return string(bytes.Repeat([]byte(part), length/len(part)))
	}
	var b bytes.Buffer
	for n := uint32(0); b.Len() < length; n++ {
		key := string(binary.BigEndian.AppendUint32(nil, n))
		b.WriteString(text(1, text(11, text(1, key))))
	}
	return b.String()
}

// framed is a frame of a watch that adds an object.
func framed(kind, object string) []byte {
	event := text(1, "ADDED") + text(2, text(1, typed(kind)+text(2, object)))
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(event))), event...) //nolint:gosec // some MiB
}

// Watches are bodies in the place of a watch, by the kind that they are about. Each begins
// with an object that is as large as client-go takes it, and made of elements that take
// much more memory than they have bytes.
func Watches() []Body {
	var all []Body
	for _, t := range tiny() {
		for name, length := range map[string]int{"": eventLength, ", of a usual size": 3 << 20} {
			all = append(all, Body{t.Kind + "s: " + t.Name + name, func() io.Reader {
				return bytes.NewReader(framed(t.Kind, object(t.Part, length)))
			}})
		}
	}
	other := text(2, "")
	return append(all,
		Body{"Nodes: a list of pods instead of an object", func() io.Reader {
			return bytes.NewReader(framed("PodList", object(other, 3<<20)))
		}},
		Body{"Nodes: an object of two kinds", func() io.Reader {
			raw := typed("Node") + text(2, object(other, 3<<20)) + text(1, text(1, "v1")+text(2, "PodList"))
			event := text(1, "ADDED") + text(2, text(1, raw))
			return bytes.NewReader(append(binary.BigEndian.AppendUint32(nil, uint32(len(event))), event...)) //nolint:gosec // 3 MiB
		}},
	)
}

// Lists are bodies in the place of a list, by the kind that they are about, in protobuf
// and in JSON.
func Lists() []Body {
	var all []Body
	for _, t := range tiny() {
		list := typed(t.Kind+"List") + unended(2, announced)
		one := object(t.Part, 1<<20)
		all = append(all, repeat(t.Kind+"s: items with "+t.Name, list, text(2, one)))
	}
	long := typed("NodeList") + unended(2, announced) + unended(2, announced/2)
	return append(all,
		repeat("Nodes: empty items without an end", typed("NodeList")+unended(2, announced), text(2, "")),
		repeat("Pods: empty items without an end", typed("PodList")+unended(2, announced), text(2, "")),
		repeat("Nodes: one item without an end", long, text(1, text(17, ""))),
		repeat("Nodes: fields without an end", typed("NodeList")+unended(2, announced), text(9, "")),
		repeat("Nodes: a list of pods", typed("PodList")+unended(2, announced), text(2, "")),
		repeat("Nodes: empty items in JSON", `{"kind":"NodeList","items":[`, "{},"),
		repeat("Pods: empty containers in JSON", `{"kind":"PodList","items":[{"spec":{"containers":[`, "{},"),
		repeat("Nodes: nested arrays", `{"kind":"NodeList","items":[`, "["),
		repeat("Nodes: one name again and again", typed("NodeList")+unended(2, announced), text(2, text(1, text(1, "a")))),
	)
}
