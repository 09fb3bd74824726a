// Package image writes container images of a few files as OCI image layouts in a
// tar archive, without a daemon, a registry or root. The same files and settings
// make the same bytes, whoever writes them and whenever.
package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image is what an image is made of: files over nothing, and settings.
type Image struct {
	// Name is the whole reference, such as docker.io/library/kubevitals:latest. A
	// runtime knows an imported image by it.
	Name string
	// Architecture is Go's word for it, such as amd64. The system is linux.
	Architecture string
	// Programs are the executable files of the image: the path within it, and the
	// file on this machine.
	Programs map[string]string
	// Texts are the others, which all may read: the path within the image, and the
	// content.
	Texts map[string][]byte
	// Entrypoint is what runs, User who runs it (UID:GID), Ports what it serves
	// (9899/tcp).
	Entrypoint []string
	User       string
	Ports      []string
	// Labels are those of the image, such as org.opencontainers.image.version.
	Labels map[string]string
	// Created is the time that the image and its files bear; 1970 where there is
	// none.
	Created time.Time
}

// created is the time of the image, in whole seconds.
func (i Image) created() time.Time {
	if i.Created.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return i.Created.UTC().Truncate(time.Second)
}

// Write writes the image as a tar archive of an OCI image layout, which
// `ctr images import`, `podman load` and `skopeo copy oci-archive:` take.
func (i Image) Write(w io.Writer) error { return Write(w, i) }

// Write writes one image, or one of several architectures, under one name. They must
// differ in their architecture, and be of one time.
func Write(w io.Writer, images ...Image) (err error) {
	if len(images) == 0 {
		return errors.New("no image to write")
	}
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := writeLayout(dir, images); err != nil {
		return fmt.Errorf("image %s: %w", images[0].Name, err)
	}
	return archive(w, dir, images[0].created())
}

// writeLayout writes the images into a folder. Several are behind an index of their
// own, so that a name leads to one thing.
func writeLayout(dir string, images []Image) error {
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	first := images[0]
	named := layout.WithAnnotations(map[string]string{
		"io.containerd.image.name":          first.Name,
		"org.opencontainers.image.ref.name": tagOf(first.Name),
	})
	built := make([]mutate.IndexAddendum, 0, len(images))
	seen := map[string]bool{}
	for _, i := range images {
		if i.Name != first.Name || !i.created().Equal(first.created()) || seen[i.Architecture] {
			return fmt.Errorf("that of %s is of another name or time, or there already", i.Architecture)
		}
		seen[i.Architecture] = true
		image, err := i.build()
		if err != nil {
			return err
		}
		platform := v1.Platform{OS: "linux", Architecture: i.Architecture}
		if len(images) == 1 {
			return path.AppendImage(image, named, layout.WithPlatform(platform))
		}
		built = append(built, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	return path.AppendIndex(mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), built...), named)
}

// build makes the image of one architecture.
func (i Image) build() (v1.Image, error) {
	if i.Name == "" || i.Architecture == "" || len(i.Entrypoint) == 0 {
		return nil, errors.New("it needs a name, an architecture and an entrypoint")
	}
	files, err := i.files()
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil },
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.DefaultCompression))
	if err != nil {
		return nil, err
	}
	made := v1.Time{Time: i.created()}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.ConfigFile(base, &v1.ConfigFile{
		Architecture: i.Architecture, OS: "linux", Created: made,
		RootFS: v1.RootFS{Type: "layers"}, Config: i.config(),
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: v1.History{Created: made}})
}

func (i Image) config() v1.Config {
	c := v1.Config{User: i.User, Entrypoint: i.Entrypoint, Labels: i.Labels}
	for _, port := range i.Ports {
		if c.ExposedPorts == nil {
			c.ExposedPorts = map[string]struct{}{}
		}
		c.ExposedPorts[port] = struct{}{}
	}
	return c
}

// files is the file system as a tar archive: the files in the order of their paths, all
// of them root's and of the same time.
func (i Image) files() ([]byte, error) {
	var buffer bytes.Buffer
	t := &tree{tar: tar.NewWriter(&buffer), at: i.created(), made: map[string]bool{}}
	for _, name := range paths(i.Programs, i.Texts) {
		content, isText := i.Texts[name]
		mode := int64(0o644)
		if !isText {
			var err error
			if content, err = os.ReadFile(i.Programs[name]); err != nil {
				return nil, fmt.Errorf("file %s: %w", name, err)
			}
			mode = 0o755
		}
		if err := t.add(name, mode, bytes.NewReader(content), int64(len(content))); err != nil {
			return nil, fmt.Errorf("file %s: %w", name, err)
		}
	}
	return buffer.Bytes(), t.tar.Close()
}

func tagOf(name string) string {
	if at := strings.LastIndex(name, ":"); at > strings.LastIndex(name, "/") {
		return name[at+1:]
	}
	return "latest"
}
