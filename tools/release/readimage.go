package main

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// imagePart is the image of one platform in an archive.
type imagePart struct {
	platform platform
	config   *v1.ConfigFile
	digest   string
	// size is that of manifest, configuration and layers, as they are pulled.
	size   int64
	layers []imageLayer
}

// imageLayer is a layer, with the digests of its files by their paths.
type imageLayer struct {
	size, unpacked int64
	files          map[string]string
}

func (p imagePart) String() string {
	var layers []string
	for _, l := range p.layers {
		layers = append(layers, fmt.Sprintf("%.1f MiB (%.1f unpacked, %d files)", mib(l.size), mib(l.unpacked), len(l.files)))
	}
	return fmt.Sprintf("image %s: %s, %.1f MiB to pull, user %s, layers: %s",
		p.platform, p.digest, mib(p.size), p.config.Config.User, strings.Join(layers, ", "))
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// readImage reads the archive of an image, and verifies every digest in it.
func readImage(name string) (parts []imagePart, err error) {
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := untar(name, dir); err != nil {
		return nil, fmt.Errorf("image %s: %w", name, err)
	}
	top, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", name, err)
	}
	if err := validate.Index(top); err != nil {
		return nil, fmt.Errorf("image %s: %w", name, err)
	}
	parts, err = partsOf(top)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", name, err)
	}
	return parts, nil
}

// partsOf are the images behind an index, however deep.
func partsOf(index v1.ImageIndex) ([]imagePart, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var all []imagePart
	for _, d := range manifest.Manifests {
		if d.MediaType.IsIndex() {
			inner, err := index.ImageIndex(d.Digest)
			if err != nil {
				return nil, err
			}
			parts, err := partsOf(inner)
			if err != nil {
				return nil, err
			}
			all = append(all, parts...)
			continue
		}
		image, err := index.Image(d.Digest)
		if err != nil {
			return nil, err
		}
		part, err := partOf(image)
		if err != nil {
			return nil, err
		}
		if d.Platform == nil || d.Platform.String() != part.platform.String() {
			return nil, fmt.Errorf("the image of %s is listed as that of %v", part.platform, d.Platform)
		}
		all = append(all, part)
	}
	return all, nil
}

func partOf(image v1.Image) (imagePart, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return imagePart{}, err
	}
	sum, err := image.Digest()
	if err != nil {
		return imagePart{}, err
	}
	manifest, err := image.Manifest()
	if err != nil {
		return imagePart{}, err
	}
	size, err := image.Size()
	if err != nil {
		return imagePart{}, err
	}
	p := imagePart{platform: platform{config.OS, config.Architecture}, config: config, digest: sum.String(), size: size + manifest.Config.Size}
	layers, err := image.Layers()
	if err != nil {
		return imagePart{}, err
	}
	for _, l := range layers {
		layer, err := layerOf(l)
		if err != nil {
			return imagePart{}, err
		}
		p.size += layer.size
		p.layers = append(p.layers, layer)
	}
	return p, nil
}

func layerOf(l v1.Layer) (layer imageLayer, err error) {
	if layer.size, err = l.Size(); err != nil {
		return layer, err
	}
	content, err := l.Uncompressed()
	if err != nil {
		return layer, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	layer.files = map[string]string{}
	return layer, eachFile(content, func(h *tar.Header, r io.Reader) error {
		sum := sha256.New()
		n, err := io.Copy(sum, r)
		layer.files[h.Name], layer.unpacked = fmt.Sprintf("%x", sum.Sum(nil)), layer.unpacked+n
		return err
	})
}

// eachFile calls a function with each file of a tar archive.
func eachFile(archive io.Reader, do func(*tar.Header, io.Reader) error) error {
	t := tar.NewReader(archive)
	for {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := do(header, t); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}

// untar unpacks an archive into a folder.
func untar(name, dir string) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return eachFile(f, func(h *tar.Header, r io.Reader) error {
		if err := root.MkdirAll(filepath.Dir(h.Name), 0o755); err != nil {
			return err
		}
		out, err := root.Create(h.Name)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, r)
		return errors.Join(err, out.Close())
	})
}
