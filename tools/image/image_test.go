package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// made is the time of the images of these tests.
var made = time.Date(2026, 11, 30, 1, 2, 3, 4, time.UTC)

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
		Programs: map[string]string{"/usr/bin/b": file, "/a": file, "/usr/lib/c": file},
		Texts:    map[string][]byte{"/licenses/LICENSE": []byte("a licence")}, Created: made,
		Entrypoint: []string{"/a"}, User: "65534:65534", Ports: []string{"9899/tcp"},
		Labels: map[string]string{"org.opencontainers.image.version": "v1"},
	}
}

func write(t *testing.T, images ...Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, images...); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpack writes the files of an archive into a folder, and verifies that they are of
// one time and of root.
func unpack(t *testing.T, archive []byte) string {
	t.Helper()
	dir := t.TempDir()
	walk(t, bytes.NewReader(archive), func(h *tar.Header, content []byte) {
		name := filepath.Join(dir, h.Name)
		if h.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(name, 0o755); err != nil {
				t.Fatal(err)
			}
			return
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	return dir
}

func walk(t *testing.T, archive io.Reader, do func(*tar.Header, []byte)) {
	t.Helper()
	r := tar.NewReader(archive)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(made.Truncate(time.Second)) || header.Uid != 0 || header.Gid != 0 {
			t.Errorf("%s is of %s and of %d:%d", header.Name, header.ModTime, header.Uid, header.Gid)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		do(header, content)
	}
}

// top is the index of the archive, and what its only entry says.
func top(t *testing.T, archive []byte) (v1.ImageIndex, v1.Descriptor) {
	t.Helper()
	index, err := layout.ImageIndexFromPath(unpack(t, archive))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 {
		t.Fatalf("the archive has %d images, want one", len(manifest.Manifests))
	}
	return index, manifest.Manifests[0]
}

// TestSameBytes verifies that neither the time of the files nor their place shows.
func TestSameBytes(t *testing.T) {
	first := write(t, example(t, time.Unix(1000, 0)))
	second := write(t, example(t, time.Unix(2000, 0)))
	if !bytes.Equal(first, second) {
		t.Error("two images of the same files differ")
	}
}

// TestLayout lets the library read the archive, and verifies every digest on the way.
func TestLayout(t *testing.T) {
	index, of := top(t, write(t, example(t, time.Now())))
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	if of.Annotations["io.containerd.image.name"] != "registry.example:5000/tools/example:v1" || of.Annotations["org.opencontainers.image.ref.name"] != "v1" {
		t.Errorf("the image is called %v", of.Annotations)
	}
	image, err := index.Image(of.Digest)
	if err != nil {
		t.Fatal(err)
	}
	checkConfig(t, image)
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, want one: %v", len(layers), err)
	}
	if kind, err := layers[0].MediaType(); err != nil || kind != types.OCILayer {
		t.Errorf("the layer is a %s: %v", kind, err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	walk(t, content, func(h *tar.Header, content []byte) {
		files = append(files, fmt.Sprintf("%s %o %s", h.Name, h.Mode, content))
	})
	want := []string{
		"a 755 a program", "licenses/ 755 ", "licenses/LICENSE 644 a licence",
		"usr/ 755 ", "usr/bin/ 755 ", "usr/bin/b 755 a program", "usr/lib/ 755 ", "usr/lib/c 755 a program",
	}
	if !slices.Equal(files, want) {
		t.Errorf("files\n%s\nwant\n%s", strings.Join(files, "\n"), strings.Join(want, "\n"))
	}
}

func checkConfig(t *testing.T, image v1.Image) {
	t.Helper()
	c, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	_, serves := c.Config.ExposedPorts["9899/tcp"]
	if c.Architecture != "arm64" || c.OS != "linux" || c.Config.User != "65534:65534" || !slices.Equal(c.Config.Entrypoint, []string{"/a"}) ||
		!serves || c.Config.Labels["org.opencontainers.image.version"] != "v1" || !c.Created.Equal(made.Truncate(time.Second)) {
		t.Errorf("the image is %+v", c)
	}
}

// TestArchitectures verifies that several architectures are one image, whose parts
// say what they are for.
func TestArchitectures(t *testing.T) {
	one, two := example(t, made), example(t, made)
	one.Architecture = "amd64"
	index, of := top(t, write(t, one, two))
	if of.MediaType != types.OCIImageIndex || of.Annotations["org.opencontainers.image.ref.name"] != "v1" {
		t.Fatalf("the name leads to %+v", of)
	}
	parts, err := index.ImageIndex(of.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(parts); err != nil {
		t.Error(err)
	}
	manifest, err := parts.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, part := range manifest.Manifests {
		platforms = append(platforms, part.Platform.String())
	}
	if want := []string{"linux/amd64", "linux/arm64"}; !slices.Equal(platforms, want) {
		t.Errorf("platforms %v, want %v", platforms, want)
	}
}

func TestRefuses(t *testing.T) {
	for what, spoil := range map[string]func(*Image){
		"no name":         func(i *Image) { i.Name = "" },
		"no architecture": func(i *Image) { i.Architecture = "" },
		"no entrypoint":   func(i *Image) { i.Entrypoint = nil },
		"a missing file":  func(i *Image) { i.Programs = map[string]string{"/a": "/nowhere"} },
	} {
		i := example(t, made)
		spoil(&i)
		if err := i.Write(io.Discard); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	one, other := example(t, made), example(t, made)
	other.Architecture, other.Created = "amd64", made.Add(time.Hour)
	for what, images := range map[string][]Image{"none": nil, "twice the same": {one, one}, "of two times": {one, other}} {
		if err := Write(io.Discard, images...); err == nil {
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
