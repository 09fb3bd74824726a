// Command mkimage writes a container image of the programs that it is given, as
// an OCI image layout in a tar archive:
//
//	mkimage -name docker.io/library/kubevitals:latest -user 65534:65534 -port 9899/tcp -o image.tar bin/kubevitals
//
// The first program is the entrypoint. Each is placed at the root of the image.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/kubevitals/kubevitals/tools/image"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "mkimage:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	i := image.Image{Files: map[string]string{}}
	flags := flag.NewFlagSet("mkimage", flag.ContinueOnError)
	flags.StringVar(&i.Name, "name", "", "whole name of the image, with registry and tag")
	flags.StringVar(&i.Architecture, "architecture", runtime.GOARCH, "architecture of the programs, as Go calls it")
	flags.StringVar(&i.User, "user", "", "UID:GID that runs it")
	ports := flags.String("port", "", "ports that it serves, such as 9899/tcp, separated by commas")
	file := flags.String("o", "", "archive to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 || *file == "" {
		return errors.New("name at least one program, and the archive with -o")
	}
	if *ports != "" {
		i.Ports = strings.Split(*ports, ",")
	}
	for _, program := range flags.Args() {
		i.Files["/"+filepath.Base(program)] = program
	}
	i.Entrypoint = []string{"/" + filepath.Base(flags.Arg(0))}
	out, err := os.Create(*file)
	if err != nil {
		return err
	}
	if err := errors.Join(i.Write(out), out.Close()); err != nil {
		return errors.Join(err, os.Remove(*file))
	}
	return nil
}
