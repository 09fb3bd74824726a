//go:build linux

package realnode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/kubevitals/kubevitals/tools/image"
)

// The images of the lab, by which pods name them.
const (
	// ProgramsImage is that of sandboxes and of workloads that go wrong.
	ProgramsImage = "registry.example/lab/programs:v1"
	CoreDNSImage  = "registry.example/lab/coredns:v1"
	// KubevitalsImage is how the shipped manifests call it.
	KubevitalsImage = "docker.io/library/kubevitals:latest"
)

// Programs is the image of the lab's programs, from a folder with them.
func Programs(folder string) image.Image {
	return image.Image{
		Name: ProgramsImage, Architecture: runtime.GOARCH,
		Programs: map[string]string{"/programs": filepath.Join(folder, labPrograms)}, Entrypoint: []string{"/programs"},
	}
}

// CoreDNS is the image of the lab's CoreDNS.
func CoreDNS(folder string) image.Image {
	return image.Image{
		Name: CoreDNSImage, Architecture: runtime.GOARCH,
		Programs: map[string]string{"/coredns": filepath.Join(folder, corednsProgram)}, Entrypoint: []string{"/coredns"},
	}
}

// Import gives an image to the node's runtime.
func (n *Node) Import(ctx context.Context, i image.Image) error {
	return n.importArchive(ctx, i.Write)
}

// ImportArchive gives the node's runtime the images of an OCI archive on this machine.
func (n *Node) ImportArchive(ctx context.Context, file string) error {
	return n.importArchive(ctx, func(out io.Writer) (err error) {
		archive, err := os.Open(file)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, archive.Close()) }()
		_, err = io.Copy(out, archive)
		return err
	})
}

// importArchive lets the runtime read what is written into the folder of the node.
func (n *Node) importArchive(ctx context.Context, write func(io.Writer) error) error {
	const name = "image.tar"
	file := filepath.Join(n.Dir(), name)
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file) }()
	if err := errors.Join(write(out), out.Close()); err != nil {
		return fmt.Errorf("import image: %w", err)
	}
	if _, err := n.ctr(ctx, "images", "import", filepath.Join(labDir, name)); err != nil {
		return fmt.Errorf("import image: %w", err)
	}
	return nil
}

func (n *Node) ctr(ctx context.Context, args ...string) ([]byte, error) {
	return n.Run(ctx, append([]string{filepath.Join(binDir, ctrProgram), "--address=" + socket, "--namespace=k8s.io"}, args...)...)
}
