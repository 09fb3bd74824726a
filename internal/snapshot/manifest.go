package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// FormatVersion is that of the snapshots that are recorded. Others are not read.
const FormatVersion = 1

// Manifest is the file kubevitals-snapshot.json, which is written last.
type Manifest struct {
	FormatVersion int `json:"formatVersion"`
	// Taken is when the second recording of samples was made, and Window how long
	// after the first.
	Taken  metav1.MicroTime `json:"taken"`
	Window metav1.Duration  `json:"window"`
	// KubevitalsVersion recorded it, and KubernetesVersion is that of the API server.
	KubevitalsVersion string `json:"kubevitalsVersion"`
	KubernetesVersion string `json:"kubernetesVersion,omitempty"`
	// RedactedNames says that no name in it is the real one.
	RedactedNames bool `json:"redactedNames,omitempty"`
	// Lists are the lists that were read.
	Lists []List `json:"lists"`
	// Kubelets are those that did not give all answers.
	Kubelets map[string]KubeletState `json:"kubelets,omitempty"`
	// KubeletCertificates are when the serving certificates of kubelets end, as far as they
	// were shown.
	KubeletCertificates map[string]metav1.Time `json:"kubeletCertificates,omitempty"`
	// APIServers are all whose metrics were asked for, by address.
	APIServers map[string]APIServerState `json:"apiServers,omitempty"`
	// Questions are those to API servers, by source: health.Available if one of them
	// could be asked, and otherwise why not.
	Questions map[string]health.Reason `json:"questions,omitempty"`
	// Collectors are those whose samples were recorded.
	Collectors []string `json:"collectors,omitempty"`
	// SamplesOnly says that an exporter kept what it knew: the samples of all collectors
	// that ran, and nothing that they were worked out from. Failed are those of them that
	// did not tell the whole truth, and why; Began are the incidents it was kept for.
	SamplesOnly bool              `json:"samplesOnly,omitempty"`
	Failed      map[string]string `json:"failed,omitempty"`
	Began       []Began           `json:"began,omitempty"`
}

// List is one list of objects. Namespace is empty for those of all.
type List struct {
	// Resource has its group, like deployments.apps.
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"`
	// Reason is health.Available if the list is there, and otherwise says why not.
	Reason health.Reason `json:"reason"`
	// Error is what the API server said.
	Error string `json:"error,omitempty"`
	Items int    `json:"items"`
}

// KubeletState is how far one kubelet could be asked.
type KubeletState struct {
	Reach kubelet.Reach `json:"reach"`
	// Reasons are why answers are missing, by path.
	Reasons map[string]health.Reason `json:"reasons"`
}

// APIServerState is what was asked of one API server.
type APIServerState struct {
	// Reason is health.Available if its metrics are there.
	Reason health.Reason `json:"reason"`
	// StreamLimit is how many streams it allows on a connection; 0 if unknown.
	StreamLimit uint32 `json:"streamLimit,omitempty"`
}

// manifestLimit bounds the file in bytes.
const manifestLimit = 16 << 20

// manifestLimits allow one of 15,000 nodes none of which answered anything.
func manifestLimits() bounded.JSON { return bounded.JSON{Depth: 8, Values: 200_000} }

func (r *reader) readManifest(in io.Reader) error {
	if r.snapshot.Manifest != nil {
		return errors.New("is the second manifest in the dump; open one snapshot at a time")
	}
	raw, err := io.ReadAll(io.LimitReader(in, manifestLimit+1))
	if err != nil {
		return err
	}
	if len(raw) > manifestLimit {
		return &limitError{"is larger than " + size(manifestLimit)}
	}
	if err := manifestLimits().Check(raw); err != nil {
		return &limitError{"in it " + err.Error()}
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("not the manifest of a snapshot: %w", err)
	}
	switch {
	case m.FormatVersion != FormatVersion:
		return fmt.Errorf("format version %d, this kubevitals reads %d; record the snapshot with this version", m.FormatVersion, FormatVersion)
	case m.Taken.IsZero():
		return errors.New("has no time; record the snapshot once more")
	}
	r.snapshot.Manifest = &m
	return nil
}

// list finds what the manifest says of a list; nil if it was not read.
func (m *Manifest) list(resource, namespace string) *List {
	var all *List
	for i := range m.Lists {
		l := &m.Lists[i]
		if l.Resource != resource {
			continue
		}
		if l.Namespace == namespace {
			return l
		}
		if l.Namespace == "" {
			all = l
		}
	}
	return all
}
