// Command mkimage writes the container image that a Dockerfile describes, of programs
// that are built already, as an OCI image layout in a tar archive:
//
//	mkimage -name docker.io/library/kubevitals:latest -dockerfile Dockerfile -o image.tar bin/kubevitals
//
// The programs are those that the last stage of the Dockerfile copies.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"

	"github.com/kubevitals/kubevitals/tools/image"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "mkimage:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("mkimage", flag.ContinueOnError)
	name := flags.String("name", "", "whole name of the image, with registry and tag")
	architecture := flags.String("architecture", runtime.GOARCH, "architecture of the programs, as Go calls it")
	dockerfile := flags.String("dockerfile", "Dockerfile", "file that says what the image is")
	file := flags.String("o", "", "archive to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 || *file == "" {
		return errors.New("name at least one program, and the archive with -o")
	}
	text, err := os.ReadFile(*dockerfile)
	if err != nil {
		return err
	}
	i, err := image.FromDockerfile(text, flags.Args()...)
	if err != nil {
		return fmt.Errorf("%s: %w", *dockerfile, err)
	}
	i.Name, i.Architecture = *name, *architecture
	out, err := os.Create(*file)
	if err != nil {
		return err
	}
	if err := errors.Join(i.Write(out), out.Close()); err != nil {
		return errors.Join(err, os.Remove(*file))
	}
	return nil
}
