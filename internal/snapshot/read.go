package snapshot

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// readFile reads one file of the snapshot.
func (r *reader) readFile(ctx context.Context, e entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.files++; r.files > r.limits.files {
		return fmt.Errorf("%s: the dump has more than %d files", e.name, r.limits.files)
	}
	r.file = e.name
	m := &meter{reader: r, limit: r.limits.file}
	packed := &counter{r: e.r}
	m.r = packed
	name, zipped := strings.CutSuffix(e.name, ".gz")
	to := placeOf(name)
	r.suspects.passed(name, to)
	if to.role == ofNone { // be it what its name says or not
		r.snapshot.Skipped["file"]++
		return nil
	}
	if zipped = zipped && !e.plain; zipped {
		z, err := gzip.NewReader(bufio.NewReader(packed))
		if err != nil {
			return fmt.Errorf("%s: is no gzip file, as its name says: %w", e.name, err)
		}
		m.r, m.packed = z, func() int64 { return packed.n }
	}
	if err := r.readAs(to, m, e, zipped); err != nil {
		return broken(e.name, err)
	}
	return nil
}

func (r *reader) readAs(p place, m *meter, e entry, zipped bool) error {
	switch p.role {
	case ofManifest:
		return r.readManifest(m)
	case ofSamples:
		return r.readSamples(p, m)
	case ofEtcd:
		return r.readEtcd(p.path, m)
	case ofTimestamp:
		return r.readTimestamp(m)
	case ofKubelet, ofAPIServer:
		b, err := r.bodyOf(m, e, zipped)
		if err != nil {
			return err
		}
		r.keepBody(p, b)
		return nil
	}
	return r.readObjects(e.name, m)
}

// sniffed is how much of a file is looked at to tell what it is.
const sniffed = 4 << 10

// readObjects reads a file that may hold objects. One that turns out not to is
// skipped, whatever it is.
func (r *reader) readObjects(name string, m *meter) error {
	source := &pushback{r: inUTF8(bufio.NewReader(m))}
	in := bufio.NewReaderSize(source, sniffed)
	start, err := in.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f := &objectFile{reader: r, meter: m, source: source, in: in, hint: r.hintOf(strings.TrimSuffix(name, ".gz"))}
	said := start // which says why nothing else is there
	if start, err = withoutTalk(in, start); err != nil {
		return err
	}
	trimmed := bytes.TrimLeft(start, " \t\r\n")
	switch {
	case len(trimmed) == 0, !isText(start):
		r.snapshot.Skipped["file"]++
		r.suspect(name, said, f.hint.known())
		return nil
	case string(bytes.TrimSpace(trimmed)) == "null" && f.hint.known(): // Go writes an empty list so
		(&listed{hint: f.hint}).end(r.snapshot, kind{})
		return nil
	case trimmed[0] == '{' || trimmed[0] == '[' || bytes.HasPrefix(trimmed, []byte(logStart)):
		err = f.json()
	case looksLikeYAML(start):
		err = f.yaml()
	default:
		r.snapshot.Skipped["file"]++
		r.suspect(name, said, f.hint.known())
		return nil
	}
	if _, bounded := errors.AsType[*limitError](err); err != nil && !bounded && !f.known && !f.hint.known() {
		// Broken, but not a part of the cluster's state as far as one can see.
		r.snapshot.Skipped["file"]++
		if bytes.Contains(start, []byte("apiVersion")) {
			r.suspects.keep(name, broken(name, err))
		}
		if len(r.snapshot.Warnings) < mostTold {
			r.snapshot.Warnings = append(r.snapshot.Warnings, fmt.Sprintf("%s: skipped: %v", name, err))
		}
		return nil
	}
	return err
}

// looksLikeYAML tells whether a text may be a Kubernetes object in YAML.
func looksLikeYAML(start []byte) bool {
	for line := range bytes.Lines(start) {
		for _, field := range []string{"apiVersion:", "kind:", "items:"} {
			if bytes.HasPrefix(line, []byte(field)) {
				return true
			}
		}
	}
	return false
}

// objectFile is one file with objects.
type objectFile struct {
	reader *reader
	meter  *meter
	// source is what in reads from.
	source *pushback
	in     *bufio.Reader
	hint   hint
	// known says that something of a known kind was in it, so that what follows and
	// cannot be read matters.
	known bool
}

// bound starts the budget of the next object. What the decoder has read ahead
// counts in its favour.
func (f *objectFile) bound() { f.meter.until = f.meter.read + f.reader.limits.object }

// object keeps an object, or counts it. Its kind may be missing and follow from
// the list's or the path.
func (f *objectFile) object(raw []byte, k kind, l *listed) error {
	own, name, err := f.reader.kindIn(raw)
	if err != nil {
		return err
	}
	switch {
	case own.known():
		k = own
	case name != "":
		f.reader.skip(name, raw)
		return nil
	case !k.known():
		f.reader.snapshot.Skipped["object without a kind"]++
		return nil
	}
	f.known = true
	if err := f.reader.limits.check(raw); err != nil {
		return err
	}
	if f.reader.objects++; f.reader.objects > f.reader.limits.objects {
		return &limitError{fmt.Sprintf("the dump has more than %d objects", f.reader.limits.objects)}
	}
	namespace, err := f.reader.keep(k, raw)
	if err != nil {
		return fmt.Errorf("object %d (%s): %w", f.reader.objects, k.row.GroupResource(), err)
	}
	l.saw(k, namespace)
	return nil
}

// skip counts an object of a kind that no collector reads.
func (r *reader) skip(kind string, raw []byte) {
	if kind == "Config" && bytes.Contains(raw, []byte(`"clusters"`)) && bytes.Contains(raw, []byte(`"contexts"`)) {
		r.kubeconfig = r.snapshot.Path
	}
	r.snapshot.Skipped[kind]++
}

// lost takes the loss of one file for a part of what is told, and not for the end. A
// dump that is larger than any is, one that was cancelled, and one whose manifest
// cannot be read end all the same.
func (r *reader) lost(ctx context.Context, name string, err error) error {
	if _, bounded := errors.AsType[*limitError](err); err == nil || bounded || ctx.Err() != nil || path.Base(name) == manifestName {
		return err
	}
	r.tell(name, err)
	return nil
}
