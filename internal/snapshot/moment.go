package snapshot

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
)

// Moment is what an exporter knew of a cluster at one time: the samples that its collectors
// sent then, and nothing that these were worked out from.
type Moment struct {
	// At is when the samples were sent, and Families are they.
	At       time.Time
	Families exporter.Families
	// Before is when Earlier was sent: samples of what rules look back at.
	Before  time.Time
	Earlier exporter.Families
	// Errors returns why a collector did not tell the whole truth; nil if that is not known.
	Errors func(collector string) error
	// Began are the incidents for which it is kept.
	Began []Began
	// Result is what was said of it, in the form of check -o json; nil to leave it out.
	Result []byte
	// Version is that of kubevitals.
	Version string
}

// Began is an incident that was not there before a snapshot.
type Began struct {
	// ID is the name of the incident in the addresses of the exporter.
	ID       string      `json:"id"`
	Severity string      `json:"severity"`
	Summary  string      `json:"summary"`
	Began    metav1.Time `json:"began"`
}

// resultName is the file with what was said of a moment, for people: it is not read back.
const resultName = "result.json"

// collectorSuccess says of each collector whether it told the whole truth.
const collectorSuccess = exporter.Namespace + "_scrape_collector_success"

// Write writes the moment as an archive (.tar.gz) with the manifest first, which Read
// reads. What the exporter did not know is unknown in it, too.
func (m Moment) Write(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return fmt.Errorf("compress a snapshot: %w", err)
	}
	t := tar.NewWriter(z)
	manifest := m.manifest()
	raw, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the manifest: %w", err)
	}
	if err := m.file(t, manifestName, append(raw, '\n')); err != nil {
		return err
	}
	if m.Result != nil {
		if err := m.file(t, resultName, m.Result); err != nil {
			return err
		}
	}
	if err := m.samples(t, manifest.Collectors); err != nil {
		return err
	}
	if err := errors.Join(t.Close(), z.Close()); err != nil {
		return fmt.Errorf("write a snapshot: %w", err)
	}
	return nil
}

// manifest says which collectors ran, and which of them did not tell the whole truth.
func (m Moment) manifest() Manifest {
	manifest := Manifest{
		FormatVersion: FormatVersion, Taken: metav1.NewMicroTime(m.At), Window: metav1.Duration{Duration: m.At.Sub(m.Before)},
		KubevitalsVersion: m.Version, SamplesOnly: true, Began: m.Began, Failed: map[string]string{}, Collectors: []string{collectors.SelfName},
	}
	success := m.Families.Of(collectorSuccess)
	success.Each(func(labels []string, value float64) {
		name := success.Label(labels, "collector")
		if !slices.Contains(manifest.Collectors, name) {
			manifest.Collectors = append(manifest.Collectors, name)
		}
		if value != 0 {
			return
		}
		manifest.Failed[name] = "it failed"
		if m.Errors != nil && m.Errors(name) != nil {
			manifest.Failed[name] = m.Errors(name).Error()
		}
	})
	return manifest
}

// samples writes two files for each collector, as those of a recorded snapshot.
func (m Moment) samples(t *tar.Writer, named []string) error {
	definitions := append(collectors.Catalogue(), collectors.Definition{Name: collectors.SelfName, Metrics: collectors.SourceMetrics()})
	var text bytes.Buffer
	for _, name := range named {
		i := slices.IndexFunc(definitions, func(d collectors.Definition) bool { return d.Name == name })
		if i < 0 {
			continue
		}
		for n, families := range []exporter.Families{m.Earlier, m.Families} {
			text.Reset()
			if err := families.OfThese(definitions[i].Metrics).WriteText(&text); err != nil {
				return fmt.Errorf("samples of %s: %w", name, err)
			}
			if err := m.file(t, fmt.Sprintf("samples/%s.%d.prom", name, n+1), text.Bytes()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m Moment) file(t *tar.Writer, name string, text []byte) error {
	head := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(text)), ModTime: m.At, Format: tar.FormatPAX}
	if err := t.WriteHeader(head); err != nil {
		return fmt.Errorf("write %s of a snapshot: %w", name, err)
	}
	if _, err := t.Write(text); err != nil {
		return fmt.Errorf("write %s of a snapshot: %w", name, err)
	}
	return nil
}

// ReadManifest reads the manifest of an archive that a Moment was written to, and no more of it.
func ReadManifest(in io.Reader) (*Manifest, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("no snapshot: %w", err)
	}
	t := tar.NewReader(z)
	head, err := t.Next()
	if err != nil {
		return nil, fmt.Errorf("no snapshot: %w", err)
	}
	if path.Clean(strings.TrimPrefix(head.Name, "./")) != manifestName {
		return nil, fmt.Errorf("no snapshot of an exporter: begins with %q", head.Name)
	}
	r := &reader{snapshot: &Snapshot{}}
	if err := r.readManifest(t); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestName, err)
	}
	return r.snapshot.Manifest, nil
}

// SamplesOnly tells whether all that the snapshot holds are the samples of all collectors.
func (s *Snapshot) SamplesOnly() bool { return s.Manifest != nil && s.Manifest.SamplesOnly }

// failure is why a collector did not tell the whole truth when it was recorded; nil if it
// did. Where it told a part, that part holds.
func (s *Snapshot) failure(collector string, partly bool) error {
	if !s.SamplesOnly() {
		return nil
	}
	why, failed := s.Manifest.Failed[collector]
	switch {
	case !failed:
		return nil
	case partly:
		return exporter.Incomplete(recordedError{why})
	}
	return recordedError{why}
}

// recordedError is with what a collector failed when it was recorded.
type recordedError struct{ why string }

func (e recordedError) Error() string { return e.why }

// Is makes it count as exporter.ErrNotReady: the exporter told of it then, and whoever reads
// a snapshot is told by what comes of it.
func (e recordedError) Is(target error) bool { return target == exporter.ErrNotReady }
