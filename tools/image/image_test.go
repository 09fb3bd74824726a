package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func program(t *testing.T, at time.Time) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte("a program"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
	return file
}

func example(t *testing.T, at time.Time) Image {
	file := program(t, at)
	return Image{
		Name: "registry.example:5000/tools/example:v1", Architecture: "arm64",
		Files:      map[string]string{"/usr/bin/b": file, "/a": file, "/usr/lib/c": file},
		Entrypoint: []string{"/a"}, User: "65534:65534", Ports: []string{"9899/tcp"},
	}
}

func write(t *testing.T, i Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := i.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpack returns the files of an archive by name, and their names in order.
func unpack(t *testing.T, archive []byte) (map[string][]byte, []string) {
	t.Helper()
	files, names := map[string][]byte{}, []string{}
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, names
		}
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(time.Unix(0, 0)) || header.Uid != 0 || header.Gid != 0 {
			t.Errorf("%s is of %s and of %d:%d", header.Name, header.ModTime, header.Uid, header.Gid)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name], names = content, append(names, header.Name)
	}
}

// TestSameBytes verifies that neither the time of the files nor their place shows.
func TestSameBytes(t *testing.T) {
	first := write(t, example(t, time.Unix(1000, 0)))
	second := write(t, example(t, time.Unix(2000, 0)))
	if !bytes.Equal(first, second) {
		t.Error("two images of the same files differ")
	}
}

// TestLayout follows the index to the files, and verifies every digest on the way.
func TestLayout(t *testing.T) {
	files, _ := unpack(t, write(t, example(t, time.Now())))
	if string(files["oci-layout"]) != `{"imageLayoutVersion":"1.0.0"}` {
		t.Errorf("oci-layout: %s", files["oci-layout"])
	}
	follow := func(d descriptor, into any) []byte {
		t.Helper()
		digest := strings.TrimPrefix(d.Digest, "sha256:")
		content := files["blobs/sha256/"+digest]
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != digest || int64(len(content)) != d.Size {
			t.Fatalf("%s of %d bytes leads to %x of %d bytes", d.Digest, d.Size, sum, len(content))
		}
		if into != nil {
			if err := json.Unmarshal(content, into); err != nil {
				t.Fatal(err)
			}
		}
		return content
	}
	var top, manifest index
	var c config
	if err := json.Unmarshal(files["index.json"], &top); err != nil {
		t.Fatal(err)
	}
	of := top.Manifests[0]
	if of.Annotations["io.containerd.image.name"] != "registry.example:5000/tools/example:v1" || of.Annotations["org.opencontainers.image.ref.name"] != "v1" {
		t.Errorf("the image is called %v", of.Annotations)
	}
	follow(of, &manifest)
	follow(*manifest.Config, &c)
	layer := follow(manifest.Layers[0], nil)
	if got, want := fmt.Sprintf("%+v", c), "{platform:{Architecture:arm64 OS:linux} Config:{User:65534:65534 ExposedPorts:map[9899/tcp:{}] Entrypoint:[/a]} "+
		"RootFS:{Type:layers DiffIDs:["+manifest.Layers[0].Digest+"]}}"; got != want {
		t.Errorf("config:\n%s, want\n%s", got, want)
	}
	content, names := unpack(t, layer)
	if want := []string{"a", "usr/", "usr/bin/", "usr/bin/b", "usr/lib/", "usr/lib/c"}; !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	if string(content["usr/bin/b"]) != "a program" {
		t.Errorf("usr/bin/b holds %q", content["usr/bin/b"])
	}
}

func TestRefuses(t *testing.T) {
	whole := example(t, time.Now())
	for what, spoil := range map[string]func(*Image){
		"no name":         func(i *Image) { i.Name = "" },
		"no architecture": func(i *Image) { i.Architecture = "" },
		"no entrypoint":   func(i *Image) { i.Entrypoint = nil },
		"a missing file":  func(i *Image) { i.Files = map[string]string{"/a": "/nowhere"} },
	} {
		i := whole
		spoil(&i)
		if err := i.Write(io.Discard); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func TestTag(t *testing.T) {
	for name, want := range map[string]string{"a:b": "b", "localhost:5000/a": "latest", "localhost:5000/a:b": "b", "a": "latest"} {
		if got := tagOf(name); got != want {
			t.Errorf("tag of %s: %s, want %s", name, got, want)
		}
	}
}
