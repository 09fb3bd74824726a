package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/kubevitals/kubevitals/tools/image"
)

// project is where the project is found.
const project = "https://github.com/kubevitals/kubevitals"

// writeImage writes the container image for the platforms of Linux: the program and the
// licences over nothing. It needs no certificates: those of API servers, kubelets and
// etcd are signed by authorities that its flags and its service account name.
func (r *release) writeImage(name string, programs map[platform]string, notices map[platform][]byte) error {
	license, err := os.ReadFile(filepath.Join(r.root, "LICENSE"))
	if err != nil {
		return err
	}
	var images []image.Image
	for _, p := range r.platforms {
		if p.system != "linux" {
			continue
		}
		images = append(images, image.Image{
			Name: r.image, Architecture: p.architecture, Created: r.at,
			Programs:   map[string]string{"/kubevitals": programs[p]},
			Texts:      map[string][]byte{"/licenses/LICENSE": license, "/licenses/" + noticeFile: notices[p]},
			Entrypoint: []string{"/kubevitals"},
			// By its number, so that a kubelet can tell that it is not root.
			User: "65534:65534", Ports: []string{"9899/tcp"}, Labels: r.labels(),
		})
	}
	if len(images) == 0 {
		return errors.New("image: none of the platforms is one of linux")
	}
	return writeFile(name, func(w io.Writer) error { return image.Write(w, images...) })
}

// labels are those of the OCI image specification.
func (r *release) labels() map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "title":         "kubevitals",
		prefix + "description":   "Names the cause of a Kubernetes cluster's illness.",
		prefix + "version":       r.version,
		prefix + "revision":      r.revision,
		prefix + "created":       r.at.Format(time.RFC3339),
		prefix + "licenses":      "Apache-2.0",
		prefix + "source":        project,
		prefix + "url":           project,
		prefix + "documentation": project + "#documentation",
	}
}

// writeImageAlone builds what the image is made of, and the image.
func (r *release) writeImageAlone(ctx context.Context, out string) (err error) {
	if out == "" {
		return errors.New("image: -out is needed")
	}
	work, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	programs, notices := map[platform]string{}, map[platform][]byte{}
	for _, p := range r.platforms {
		programs[p] = filepath.Join(work, p.hyphened(), program(p))
		if err := r.compile(ctx, p, programs[p]); err != nil {
			return err
		}
		modules, err := r.modules(ctx, p)
		if err != nil {
			return err
		}
		notices[p] = notice(modules)
	}
	if err := r.writeImage(out, programs, notices); err != nil {
		return err
	}
	return printImage(r.stdout, out)
}

// printImage prints what is in the archive of an image.
func printImage(w io.Writer, name string) (err error) {
	parts, err := readImage(name)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := fmt.Fprintln(w, p); err != nil {
			return err
		}
	}
	return nil
}
