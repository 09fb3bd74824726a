// Command release builds what is released of kubevitals, and verifies it:
//
//	release build -version 0.1.0 -revision COMMIT -out dist
//	release verify dist
//	release image -name docker.io/library/kubevitals:latest -platforms linux/amd64 -out kubevitals.tar
//	release licenses
//
// The same commit and version of Go make the same bytes, wherever and whenever: the time
// is that of $SOURCE_DATE_EPOCH, which `make` sets to the commit's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Getenv)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

const allPlatforms = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64"

func run(ctx context.Context, args []string, stdout io.Writer, getenv func(string) string) error {
	if len(args) == 0 {
		return errors.New("say what to do: build, verify, image or licenses")
	}
	r := &release{stdout: stdout}
	flags := flag.NewFlagSet("release "+args[0], flag.ContinueOnError)
	flags.StringVar(&r.root, "root", "../..", "folder of the repository")
	flags.StringVar(&r.version, "version", "", "version to release, without v")
	flags.StringVar(&r.revision, "revision", "unknown", "commit that is built")
	flags.StringVar(&r.ldflags, "ldflags", "", "flags for the linker")
	flags.StringVar(&r.image, "name", "docker.io/library/kubevitals:latest", "whole name of the image, by which a runtime knows it once it is imported")
	out := flags.String("out", "", "folder or file to write")
	platforms := flags.String("platforms", allPlatforms, "system/architecture, separated by commas")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	var err error
	if r.platforms, err = parsePlatforms(*platforms); err != nil {
		return err
	}
	if r.root, err = filepath.Abs(r.root); err != nil {
		return err
	}
	if r.at, err = epoch(getenv("SOURCE_DATE_EPOCH")); err != nil {
		return err
	}
	if r.fetching, err = fetching(ctx); err != nil {
		return err
	}
	switch args[0] {
	case "build":
		return r.build(ctx, *out)
	case "verify":
		if flags.NArg() != 1 {
			return errors.New("verify: give the folder of the release")
		}
		return verify(ctx, flags.Arg(0), stdout)
	case "image":
		return r.writeImageAlone(ctx, *out)
	case "licenses":
		return r.printLicenses(ctx)
	}
	return fmt.Errorf("%q is nothing to do: build, verify, image or licenses", args[0])
}

// epoch is the time in seconds since 1970 that reproducible builds are of.
func epoch(text string) (time.Time, error) {
	if text == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q, and not a number of seconds since 1970", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// platform is a system and an architecture, by Go's words.
type platform struct{ system, architecture string }

func (p platform) String() string { return p.system + "/" + p.architecture }

func (p platform) hyphened() string { return p.system + "-" + p.architecture }

// host is the platform that this program runs on.
func host() platform { return platform{runtime.GOOS, runtime.GOARCH} }

func parsePlatforms(text string) ([]platform, error) {
	var all []platform
	for word := range strings.SplitSeq(text, ",") {
		system, architecture, ok := strings.Cut(word, "/")
		if !ok || system == "" || architecture == "" {
			return nil, fmt.Errorf("platform %q: write system/architecture, such as linux/amd64", word)
		}
		all = append(all, platform{system, architecture})
	}
	return all, nil
}
