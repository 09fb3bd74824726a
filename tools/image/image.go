// Package image writes container images of a few files as OCI image layouts in a
// tar archive, without a daemon, a registry or root. The same files and settings
// make the same bytes, whoever writes them and whenever.
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
	"path"
	"slices"
	"strings"
)

// The media types of the parts of an image.
const (
	layerType    = "application/vnd.oci.image.layer.v1.tar"
	configType   = "application/vnd.oci.image.config.v1+json"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
)

// Image is what an image is made of: FROM scratch, one COPY, and settings.
type Image struct {
	// Name is the whole reference, such as docker.io/library/kubevitals:latest. A
	// runtime knows an imported image by it.
	Name string
	// Architecture is Go's word for it, such as amd64.
	Architecture string
	// Files are the files of the image, all of them executable: the path within
	// it, and the file on this machine.
	Files map[string]string
	// Entrypoint is what runs, User who runs it (UID:GID), Ports what it serves
	// (9899/tcp).
	Entrypoint []string
	User       string
	Ports      []string
}

// descriptor points to a part by its content.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Platform    *platform         `json:"platform,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

type config struct {
	platform
	Config settings `json:"config"`
	RootFS rootFS   `json:"rootfs"`
}

type settings struct {
	User         string              `json:"User,omitempty"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
	Entrypoint   []string            `json:"Entrypoint,omitempty"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        *descriptor  `json:"config,omitempty"`
	Layers        []descriptor `json:"layers,omitempty"`
	Manifests     []descriptor `json:"manifests,omitempty"`
}

// Write writes the image as a tar archive of an OCI image layout, which
// `ctr images import`, `podman load` and `skopeo copy oci-archive:` take.
func (i Image) Write(w io.Writer) error {
	if i.Name == "" || i.Architecture == "" || len(i.Entrypoint) == 0 {
		return errors.New("an image needs a name, an architecture and an entrypoint")
	}
	layer, err := i.layer()
	if err != nil {
		return err
	}
	l := layout{tar: tar.NewWriter(w)}
	l.add("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	rootfs := l.blob(layerType, layer)
	configured := l.json(configType, config{
		platform: platform{i.Architecture, "linux"}, Config: i.settings(),
		// The layer is not compressed, so that its digest is the one of its content.
		RootFS: rootFS{Type: "layers", DiffIDs: []string{rootfs.Digest}},
	})
	manifest := l.json(manifestType, index{SchemaVersion: 2, MediaType: manifestType, Config: &configured, Layers: []descriptor{rootfs}})
	manifest.Platform = &platform{i.Architecture, "linux"}
	manifest.Annotations = map[string]string{
		"io.containerd.image.name":          i.Name,
		"org.opencontainers.image.ref.name": tagOf(i.Name),
	}
	text, err := json.Marshal(index{SchemaVersion: 2, MediaType: indexType, Manifests: []descriptor{manifest}})
	if err != nil {
		return err
	}
	l.add("index.json", text)
	if l.err != nil {
		return fmt.Errorf("write image %s: %w", i.Name, l.err)
	}
	return l.tar.Close()
}

func (i Image) settings() settings {
	s := settings{User: i.User, Entrypoint: i.Entrypoint}
	for _, port := range i.Ports {
		if s.ExposedPorts == nil {
			s.ExposedPorts = map[string]struct{}{}
		}
		s.ExposedPorts[port] = struct{}{}
	}
	return s
}

// layer is the file system: the files in the order of their paths, all of them
// root's and of the same time.
func (i Image) layer() ([]byte, error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	made := map[string]bool{}
	for _, to := range sorted(i.Files) {
		name := strings.TrimPrefix(path.Clean("/"+to), "/")
		for _, dir := range parents(name) {
			if made[dir] {
				continue
			}
			made[dir] = true
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, Format: tar.FormatUSTAR}); err != nil {
				return nil, err
			}
		}
		content, err := os.ReadFile(i.Files[to])
		if err != nil {
			return nil, fmt.Errorf("file %s of the image: %w", to, err)
		}
		header := tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(content)), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := w.Write(content); err != nil {
			return nil, err
		}
	}
	return buffer.Bytes(), w.Close()
}

// parents are the folders above a path, the outermost first.
func parents(name string) []string {
	var all []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		all = append(all, dir)
	}
	slices.Reverse(all)
	return all
}

func sorted(files map[string]string) []string {
	var all []string
	for name := range files {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func tagOf(name string) string {
	if at := strings.LastIndex(name, ":"); at > strings.LastIndex(name, "/") {
		return name[at+1:]
	}
	return "latest"
}

// layout is an archive that is being written; after the first error it writes no
// more.
type layout struct {
	tar *tar.Writer
	err error
}

func (l *layout) add(name string, content []byte) {
	if l.err != nil {
		return
	}
	header := tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content)), Format: tar.FormatUSTAR}
	if l.err = l.tar.WriteHeader(&header); l.err == nil {
		_, l.err = l.tar.Write(content)
	}
}

func (l *layout) blob(mediaType string, content []byte) descriptor {
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	l.add("blobs/sha256/"+digest, content)
	return descriptor{MediaType: mediaType, Digest: "sha256:" + digest, Size: int64(len(content))}
}

func (l *layout) json(mediaType string, value any) descriptor {
	text, err := json.Marshal(value)
	if err != nil && l.err == nil {
		l.err = err
	}
	return l.blob(mediaType, text)
}
