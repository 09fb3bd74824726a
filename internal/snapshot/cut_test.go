package snapshot_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// yamlOf is a list as kubectl prints it: its kind follows the items.
const yamlOf = `apiVersion: v1
items:
- apiVersion: v1
  kind: Node
  metadata:
    name: a
  status:
    conditions:
    - lastHeartbeatTime: "2026-06-01T11:59:00Z"
      status: "True"
      type: Ready
- apiVersion: v1
  kind: Node
  metadata:
    name: b
  status:
    conditions:
    - lastHeartbeatTime: "2026-06-01T11:59:00Z"
      status: "True"
      type: Ready
kind: List
metadata:
  resourceVersion: ""
`

// oneOf is a single object.
const oneOf = `apiVersion: v1
kind: Node
metadata:
  name: a
status:
  conditions:
  - lastHeartbeatTime: "2026-06-01T11:59:00Z"
    status: "True"
    type: Ready
`

func readFile(t *testing.T, name, text string) (*snapshot.Snapshot, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := snapshot.Read(t.Context(), filepath.Dir(path))
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

// TestYAMLThatWasCut verifies that YAML which ends too early is told as cut wherever
// that is, and that what is left of its last object is not taken for the whole.
func TestYAMLThatWasCut(t *testing.T) {
	t.Parallel()
	items := strings.Index(yamlOf, "kind: List\n") // where the last item has ended
	for n := strings.Index(yamlOf, "- apiVersion") + len("- apiVersion: v1\n  kind: Node"); n < items+len("kind:"); n++ {
		s, err := readFile(t, "nodes.yaml", yamlOf[:n])
		if err == nil && len(s.Unreadable) == 0 {
			t.Errorf("cut after %q: nothing is told", tail(yamlOf[:n]))
		}
		if err == nil && n <= items && len(s.Objects) > 1 {
			t.Errorf("cut after %q: %d objects", tail(yamlOf[:n]), len(s.Objects))
		}
	}
	for n := len("apiVersion: v1\nkind: Node"); n < len(oneOf); n++ {
		if oneOf[n-1] == '\n' {
			continue // which nothing tells from an object with fewer fields
		}
		if s, err := readFile(t, "node.yaml", oneOf[:n]); err == nil && len(s.Unreadable) == 0 {
			t.Errorf("an object cut after %q: %d objects", tail(oneOf[:n]), len(s.Objects))
		}
	}
	for name, text := range map[string]string{
		"a list": yamlOf, "an object": oneOf, "two": oneOf + "---\n" + strings.Replace(oneOf, "name: a", "name: b", 1),
		"a list without the last line's end": strings.TrimSuffix(yamlOf, "\n"), "written on Windows": strings.ReplaceAll(yamlOf, "\n", "\r\n"),
		"with another file's manifest": oneOf + "---\napiVersion: v1\nkind: List\nitems:\n",
	} {
		s, err := readFile(t, "nodes.yaml", text)
		if err != nil || len(s.Unreadable) > 0 || len(s.Objects) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Of what is not of the cluster's state nothing is lost.
	dir := folder(t, map[string]string{"node.yaml": oneOf, "values.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x"})
	s, err := snapshot.Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if len(s.Unreadable) > 0 {
		t.Errorf("unreadable: %v", s.Unreadable)
	}
}

func tail(text string) string { return text[max(0, len(text)-20):] }

// encoded is a text as Windows writes it in UTF-16.
func encoded(text string, order binary.ByteOrder) string {
	var raw []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		raw = append(raw, 0, 0)
		order.PutUint16(raw[len(raw)-2:], unit)
	}
	return string(raw)
}

// TestTextsOfPowerShell verifies that what its > operator writes is read, which is in
// UTF-16: lists, answers of kubelets and single files.
func TestTextsOfPowerShell(t *testing.T) {
	t.Parallel()
	o := faulty()
	nodes := listOf("v1", "List", object("v1", "Node", o["a"]), object("v1", "Node", o["b"]))
	for name, order := range map[string]binary.ByteOrder{"little endian": binary.LittleEndian, "big endian": binary.BigEndian} {
		for _, ext := range []string{"json", "yaml"} {
			text := nodes
			if ext == "yaml" {
				text = strings.ReplaceAll(yamlOf, "\n", "\r\n") + "# 完 𝄞\r\n"
			}
			path := folder(t, map[string]string{
				"nodes." + ext: encoded(text, order), "nodes/a/metrics": encoded("kubelet_node_name{node=\"a\"} 1\n", order),
			})
			got, _, d := replay(t, path, "kubevitals_metric_cardinality_series{component=kubelet,node=a,server=}")
			if len(d.Objects) != 2 || len(d.Unreadable) > 0 || len(d.Warnings) > 0 {
				t.Errorf("%s, %s: %d objects, unreadable %v, warnings %v", name, ext, len(d.Objects), d.Unreadable, d.Warnings)
			}
			if got["kubevitals_metric_cardinality_series{component=kubelet,node=a,server=}"] != 1 {
				t.Errorf("%s, %s: metrics of the kubelet are not read", name, ext)
			}
			single, err := snapshot.Read(t.Context(), filepath.Join(path, "nodes."+ext))
			if err != nil || len(single.Objects) != 2 {
				t.Errorf("%s, %s, a single file: %v", name, ext, err)
			}
		}
		s, err := readFile(t, "nodes.json", encoded(nodes, order)[:301])
		if err == nil && len(s.Unreadable) == 0 {
			t.Errorf("%s: half of a character is no sign that it was cut", name)
		}
	}
}
