package snapshot

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources"
)

const oneNode = `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n","creationTimestamp":"2026-01-01T00:00:00Z"}}`

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ones is a long file of small values.
func ones(n int) string { return "[" + strings.Repeat("1,", n) + "1]" }

func zipped(text []byte) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text)
	_ = z.Close()
	return b.String()
}

func tarOf(headers ...tar.Header) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(oneNode))
		}
		_ = w.WriteHeader(&h)
		if h.Typeflag == tar.TypeReg {
			_, _ = io.WriteString(w, oneNode)
		}
	}
	_ = w.Close()
	return b.String()
}

// TestBadDumpsGiveOneClearLine verifies that what is no dump is refused with a line
// that names the file and what is wrong.
func TestBadDumpsGiveOneClearLine(t *testing.T) {
	t.Parallel()
	small := standardLimits()
	small.file, small.object, small.objects, small.files = 1<<20, 64<<10, 3, 4
	small.free, small.ratio = 1<<10, 20
	chart := t.TempDir()
	for name, text := range map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "values.yaml": "replicas: 2\n",
	} {
		if err := os.WriteFile(filepath.Join(chart, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := `{"apiVersion":"v1","kind":"List","items":[` + oneNode
	for name, c := range map[string]struct{ path, says string }{
		"missing":          {filepath.Join(t.TempDir(), "none"), "no such file"},
		"empty":            {file(t, "a", ""), "is empty; expected"},
		"blank":            {file(t, "a", "\n\n"), "nothing in it is of a cluster; expected"},
		"picture":          {file(t, "a.jpg", "\xff\xd8\xff\xe0\x00\x10JFIF"), "neither text nor a tar archive; expected"},
		"zip":              {file(t, "a.zip", "PK\x03\x04...."), "zip archives are not read"},
		"text":             {file(t, "a.txt", "hello\n"), "nothing in it is of a cluster; expected"},
		"chart":            {chart, "nothing in it is of a cluster; expected"},
		"random archive":   {file(t, "a.tar", tarOf(tar.Header{Name: "x", Typeflag: tar.TypeDir})), "nothing in it is of a cluster; expected"},
		"kubeconfig":       {file(t, "config", "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\n"), "is a kubeconfig, not a dump; give it to --kubeconfig"},
		"truncated JSON":   {file(t, "a.json", list+`,{"apiVer`), "is cut short"},
		"truncated gzip":   {file(t, "a.gz", zipped([]byte(list + "]}"))[:60]), "is cut short"},
		"truncated tar":    {file(t, "a.tar", tarOf(tar.Header{Name: "n.json", Typeflag: tar.TypeReg})[:600]), "is cut short"},
		"broken JSON":      {file(t, "a.json", list+`,{"apiVersion":!}]}`), "invalid character"},
		"broken YAML":      {file(t, "a.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata: {name: n1}\n- a: [\n"), "no YAML"},
		"wrong type":       {file(t, "a.json", list+`,{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"d"},"spec":{"nodeName":7}}]}`), "object 2 (pods)"},
		"no name":          {file(t, "a.json", `{"apiVersion":"v1","kind":"Node","metadata":{}}`), "name or namespace missing"},
		"large object":     {file(t, "a.json", `{"apiVersion":"v1","kind":"Node","metadata":{"name":"`+strings.Repeat("n", 200<<10)+`"}}`), "object larger than"},
		"many objects":     {file(t, "a.json", list+strings.Repeat(","+oneNode, 4)+"]}"), "more than 3 objects"},
		"large file":       {file(t, "a.json", ones(1<<20)), "is larger than 1 MiB"},
		"bomb":             {file(t, "a.json.gz", zipped([]byte(ones(1<<18)))), "grows more than 20 times"},
		"bomb in a folder": {filepath.Dir(file(t, "a.json.gz", zipped([]byte(ones(1<<18))))), "grows more than 20 times"},
		"newer manifest":   {filepath.Dir(file(t, manifestName, `{"formatVersion":99}`)), "format version 99, this kubevitals reads 1"},
		"broken manifest":  {filepath.Dir(file(t, manifestName, `{`)), "not the manifest of a snapshot"},
		"device":           {"/dev/null", "neither a file nor a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := read(t.Context(), c.path, small, sources.Resources())
			if err == nil {
				t.Fatalf("is read: %d objects, skipped %v", len(d.Objects), d.Skipped)
			}
			text := err.Error()
			if !strings.Contains(text, c.says) || strings.Contains(text, "\n") || !strings.Contains(text, filepath.Base(c.path)) && name != "bomb in a folder" && !strings.Contains(text, manifestName) {
				t.Errorf("%q is not one line that names %s and says %q", text, c.path, c.says)
			}
		})
	}
}

// TestNothingLeadsOutOfADump verifies that links, pipes and paths which leave the snapshot
// are skipped, and never followed or waited for.
func TestNothingLeadsOutOfADump(t *testing.T) {
	t.Parallel()
	outside := file(t, "outside.json", strings.Replace(oneNode, `"n"`, `"outside"`, 1))
	folder := filepath.Dir(file(t, "inside.json", oneNode))
	for _, link := range [][2]string{{outside, "absolute"}, {"../" + filepath.Base(filepath.Dir(outside)) + "/outside.json", "relative"}, {"/etc", "folder"}, {"loop", "loop"}} {
		if err := os.Symlink(link[0], filepath.Join(folder, link[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	d, err := Read(ctx, folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if len(d.Objects) != 1 || d.Objects[0].(*corev1.Node).Name != "n" || d.Skipped["file"] != 5 {
		t.Errorf("%d objects, skipped %v", len(d.Objects), d.Skipped)
	}

	archive := file(t, "a.tar", tarOf(
		tar.Header{Name: "../../up.json", Typeflag: tar.TypeReg}, tar.Header{Name: "/abs.json", Typeflag: tar.TypeReg},
		tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		tar.Header{Name: "dev", Typeflag: tar.TypeChar}, tar.Header{Name: "ok/n.json", Typeflag: tar.TypeReg}))
	if d, err = Read(ctx, archive); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if len(d.Objects) != 1 || d.Skipped["file"] != 4 {
		t.Errorf("archive: %d objects, skipped %v", len(d.Objects), d.Skipped)
	}
}

// TestManySmallValues verifies that the time does not grow with the square of what is
// in a file.
func TestManySmallValues(t *testing.T) {
	t.Parallel()
	path := file(t, "a.json", strings.Repeat("{}", 300_000)+oneNode)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began := time.Now()
	d, err := Read(ctx, path)
	if err != nil || len(d.Objects) != 1 || time.Since(began) > 2*time.Minute {
		t.Fatalf("%v after %s", err, time.Since(began))
	}
}

// TestManyPods bounds the memory that a large snapshot takes: what no collector reads,
// here the environment of containers, is not held. It is not parallel to the others,
// whose memory would count.
func TestManyPods(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a file of 26 MB")
	}
	const nodes, pods = 1_000, 10_000
	path := filepath.Join(t.TempDir(), "large.json")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Repeat(`{"name":"SOME_VARIABLE","value":"`+strings.Repeat("v", 60)+`"},`, 20)
	_, _ = fmt.Fprint(f, `{"apiVersion":"v1","kind":"List","items":[`)
	for i := range nodes {
		_, _ = fmt.Fprintf(f, `{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-%d","creationTimestamp":"2026-01-01T00:00:00Z"}},`, i)
	}
	for i := range pods {
		_, _ = fmt.Fprintf(f, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"pod-%d","namespace":"ns-%d","uid":"00000000-0000-4000-8000-%012d"},"spec":{"nodeName":"node-%d","containers":[{"name":"c","env":[%s{"name":"LAST"}]}]},"status":{"phase":"Running"}}`, i, i%50, i, i%nodes, env)
		if i < pods-1 {
			_, _ = fmt.Fprint(f, ",")
		}
	}
	_, _ = fmt.Fprint(f, "]}")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d, err := Read(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
	if len(d.Objects) != nodes+pods || held > 40 {
		t.Errorf("%d objects, %d MiB held", len(d.Objects), held)
	}
}

// FuzzObjects verifies that no text makes the readers panic, hang or keep what is
// not allowed.
func FuzzObjects(f *testing.F) {
	f.Add("a.json", oneNode)
	f.Add("pods/x.json", `[{"metadata":{"name":"a","namespace":"x"}}]`)
	f.Add("a.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: s}\n---\nkind: Pod\n")
	f.Add("d.txt", `{"kind":"PodList","apiVersion":"v1","items":null}`+"\n"+logStart+" x ====\n{\n"+logEnd+" ====\n"+oneNode)
	f.Add("x.json", `{"items":[{"kind":"Node","apiVersion":"v1"`)
	f.Fuzz(func(t *testing.T, name, text string) {
		l := standardLimits()
		l.object = 1 << 16
		d := &Snapshot{Path: "fuzz", Skipped: map[string]int{}, coverage: map[string]*coverage{}, kubelets: map[string]*kubeletBodies{}, servers: map[string]body{}, samples: map[string]*[2][]byte{}}
		r := &reader{snapshot: d, table: sources.Resources(), limits: l}
		err := r.readFile(t.Context(), entry{name: name, r: strings.NewReader(text), again: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }})
		if err != nil && !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%q does not name the file", err)
		}
		for _, o := range d.Objects {
			if raw, err := json.Marshal(o); err != nil || strings.Contains(string(raw), `"kind":"Secret"`) {
				t.Errorf("kept: %s %v", raw, err)
			}
		}
	})
}

// TestWhatOthersPutIn verifies that what archivers and programs add does not make a snapshot
// unreadable.
func TestWhatOthersPutIn(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"attributes of a file":  {"nodes.json": oneNode, "._api_v1_pods.json.gz": "\x00\x05\x16\x07\x00\x02\x00\x00"},
		"an empty log":          {"nodes.json": oneNode, "kubelet.log.gz": ""},
		"a byte order mark":     {"nodes.json": "\ufeff" + oneNode},
		"one before YAML":       {"nodes.yaml": "\ufeffapiVersion: v1\nkind: Node\nmetadata: {name: node-a}\n"},
		"lines of another sort": {"nodes.yaml": "apiVersion: v1\r\nkind: Node\r\nmetadata:\r\n  name: node-a\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			d, err := Read(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			if len(d.Objects) != 1 || len(d.Warnings) > 0 {
				t.Errorf("%d objects, warnings %v", len(d.Objects), d.Warnings)
			}
		})
	}
}
