package snapshot

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// suspects are files that hold no objects although their names say that they should. In
// a dump that its owner put together each is a command that failed, or an archive to be
// unpacked; in what a program gathered, with its logs and outputs of many tools, such
// files are usual, and only those count that are named after a kind that is read.
type suspects struct {
	files []Unreadable
	// bundle says that a program gathered the dump.
	bundle bool
	// folders are those that hold files.
	folders map[string]bool
}

// bundleFolders are in what must-gather, troubleshoot.sh and Sonobuoy gather.
func bundleFolders() []string {
	return []string{"cluster-scoped-resources", "namespaces", "cluster-resources", "etcd_info", "host_service_logs", "podlogs", "plugins"}
}

// passed notes where a file lies.
func (s *suspects) passed(name string, to place) {
	if s.folders == nil {
		s.folders = map[string]bool{}
	}
	folder := path.Dir(name)
	if to.role == ofTimestamp {
		s.bundle = true
	}
	if s.folders[folder] {
		return
	}
	s.folders[folder] = true
	for part := range strings.SplitSeq(folder, "/") {
		s.bundle = s.bundle || slices.Contains(bundleFolders(), part)
	}
}

// suspect judges a file that is not read, by its start. One that is named after a kind is
// lost; others are kept until it is known what the dump is.
func (r *reader) suspect(name string, start []byte, named bool) {
	var err error
	switch ext := path.Ext(strings.TrimSuffix(name, ".gz")); {
	case archived(start) != "" && (named || isArchive(ext)):
		err = fmt.Errorf("%s: is %s, which is not read inside a dump; unpack it", name, archived(start))
	case ext != ".json" && ext != ".yaml" && ext != ".yml":
	default:
		err = withoutObjects(name, ext, bytes.TrimSpace(start), named)
	}
	switch {
	case err == nil:
	case named:
		r.tell(name, err)
	default:
		r.suspects.keep(name, err)
	}
}

func (s *suspects) keep(name string, err error) {
	if len(s.files) < mostTold {
		s.files = append(s.files, Unreadable{Name: name, Err: err})
	}
}

// tellSuspects tells of the files that were kept.
func (r *reader) tellSuspects() {
	if r.suspects.bundle {
		return
	}
	for _, file := range r.suspects.files {
		stem := file.Name
		for isArchive(path.Ext(stem)) {
			stem = strings.TrimSuffix(stem, path.Ext(stem))
		}
		if stem != file.Name && r.suspects.folders[stem] {
			continue // was unpacked beside it
		}
		r.tell(file.Name, file.Err)
	}
}

// tell takes a file for one that could not be read.
func (r *reader) tell(name string, err error) {
	if len(r.snapshot.Unreadable) < mostTold {
		r.snapshot.Unreadable = append(r.snapshot.Unreadable, Unreadable{Name: name, Err: err})
	}
}

// withoutObjects says what is in a file of JSON or YAML instead of objects; nil where it
// may well be something else than objects of a cluster.
func withoutObjects(name, ext string, start []byte, named bool) error {
	if len(start) == 0 {
		return fmt.Errorf("%s: is empty: what was to write it may have failed", name)
	}
	if !isText(start) {
		if named {
			return fmt.Errorf("%s: is no text, and holds no objects", name)
		}
		return nil
	}
	first, _, _ := bytes.Cut(start, []byte("\n"))
	if said := kubectlError(start); said != "" {
		return fmt.Errorf("%s: holds no objects but what kubectl said: %s", name, said)
	}
	if named || ext == ".json" && bytes.Contains(start, []byte("\n{")) {
		return fmt.Errorf("%s: holds no objects, and begins with %q", name, shortened(first))
	}
	return nil
}

// kubectlError is the line with which kubectl says that it failed, if the text begins with
// it or with warnings and what client-go logs before it; empty otherwise.
func kubectlError(start []byte) string {
	for line := range bytes.Lines(start) {
		for _, said := range []string{
			"Error from server", "error: ", "Unable to connect to the server", "The connection to the server ", "No resources found",
			"Error in configuration", "Unable to ", "couldn't get ",
		} {
			if bytes.HasPrefix(line, []byte(said)) {
				return shortened(bytes.TrimSpace(line))
			}
		}
		if !talk(line) {
			break
		}
	}
	return ""
}

// talk tells a line that is a warning of kubectl, or what client-go logs.
func talk(line []byte) bool { return bytes.HasPrefix(line, []byte("Warning: ")) || logged(line) }

// logged tells a line that klog writes: a letter, four digits of the day, and the time.
func logged(line []byte) bool {
	return len(line) > 6 && bytes.IndexByte([]byte("IWE"), line[0]) >= 0 && len(bytes.Trim(line[1:5], "0123456789")) == 0 && line[5] == ' '
}

// mostTalk is how many times as much as is sniffed may be what kubectl says before objects.
const mostTalk = 16

// withoutTalk leaves out the warnings that kubectl writes before the objects where both of its
// outputs went into one file, and returns what the reader begins with then: where an
// aggregated API is down there are some of each command.
func withoutTalk(in *bufio.Reader, start []byte) ([]byte, error) {
	for range mostTalk {
		said := 0
		for line := range bytes.Lines(start) {
			if !bytes.HasSuffix(line, []byte("\n")) || !talk(line) {
				break
			}
			said += len(line)
		}
		if said == 0 {
			break
		}
		if _, err := in.Discard(said); err != nil {
			return nil, err
		}
		var err error
		if start, err = in.Peek(sniffed); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	return start, nil
}

// shortened is a line that is fit for a message.
func shortened(line []byte) string {
	const most = 200
	text := strings.ToValidUTF8(string(line[:min(len(line), most)]), "")
	if len(line) > most {
		text += "..."
	}
	return text
}

// archived says what a file is that holds others or is compressed; empty for others.
func archived(start []byte) string {
	switch program := packedBy(start); {
	case program != "":
		return "compressed with " + program
	case bytes.HasPrefix(start, []byte("PK\x03\x04")), bytes.HasPrefix(start, []byte("PK\x05\x06")):
		return "an archive of zip"
	case bytes.HasPrefix(start, []byte("7z\xbc\xaf\x27\x1c")):
		return "an archive of 7-Zip"
	case isTar(start):
		return "an archive of tar"
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		return "compressed with gzip"
	}
	return ""
}

func isArchive(ext string) bool {
	return slices.Contains([]string{".zip", ".7z", ".tar", ".tgz", ".gz", ".xz", ".txz", ".zst", ".bz2", ".tbz2"}, ext)
}
