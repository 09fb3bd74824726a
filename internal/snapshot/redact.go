package snapshot

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/kubevitals/kubevitals/exporter"
)

// redactor replaces names, each by the same wherever it occurs. A nil redactor
// keeps everything. It is safe for concurrent use.
type redactor struct {
	key []byte

	mu sync.Mutex
	// names are the replacements by what is replaced, and counts how many there are
	// of a sort.
	names  map[string]string
	counts map[string]int
}

func newRedactor() (*redactor, error) {
	r := &redactor{key: make([]byte, sha256.Size), names: map[string]string{}, counts: map[string]int{}}
	if _, err := rand.Read(r.key); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return r, nil
}

// wellKnown names are in every cluster and stay.
func wellKnown(name string) bool {
	switch name {
	case "", "default", "kubernetes", "kube-system", "kube-public", "kube-node-lease", "kubernetes-dashboard", "kubevitals", "localhost":
		return true
	}
	return false
}

// As replaces a name of a sort.
func (r *redactor) As(sort, name string) string {
	if r == nil || wellKnown(name) {
		return name
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.names[name]; ok {
		return known
	}
	r.counts[sort]++
	r.names[name] = fmt.Sprintf("%s-%d", sort, r.counts[sort])
	return r.names[name]
}

// Node replaces the name of a node.
func (r *redactor) Node(name string) string { return r.As("node", name) }

// The parts of a text that may be names or addresses.
func words() *regexp.Regexp {
	return regexp.MustCompile(`[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*|[0-9A-Za-z_](?:[0-9A-Za-z_.-]*[0-9A-Za-z_])?`)
}

// Text replaces in a text every name that is known and every address.
func (r *redactor) Text(text string) string {
	if r == nil {
		return text
	}
	return words().ReplaceAllStringFunc(text, r.word)
}

func (r *redactor) word(word string) string {
	if _, err := netip.ParseAddr(word); err == nil {
		return r.As("address", word)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// A host may be called by its name and a domain.
	for end := len(word); end > 0; end = strings.LastIndexByte(word[:end], '.') {
		if known, ok := r.names[word[:end]]; ok {
			return known
		}
	}
	return word
}

// learnHosts makes the hosts names that are replaced: that of the API server's address,
// and those by which samples call servers.
func (r *redactor) learnHosts(server string, families []*dto.MetricFamily) {
	if r == nil {
		return
	}
	r.learnHost(server)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			r.learnHost(exporter.Label(m, "server"))
			r.learnHost(exporter.Label(m, "endpoint"))
		}
	}
}

// learnHost does so for a URL or HOST:PORT; all else has no host. Numeric addresses
// are known by how they look.
func (r *redactor) learnHost(address string) {
	host, _, err := net.SplitHostPort(address)
	if u, bad := url.Parse(address); bad == nil && u.Host != "" {
		host = u.Hostname()
	} else if err != nil {
		return
	}
	if _, err := netip.ParseAddr(host); err != nil {
		r.As("host", host)
	}
}

// closedLabels have values of closed sets in recorded samples.
func closedLabel(name string) bool {
	switch name {
	case "probe", "result", "check", "origin", "state", "component", "signature", "reason", "stage", "kind":
		return true
	}
	return false
}

// family replaces the names in the labels of samples.
func (r *redactor) family(f *dto.MetricFamily) *dto.MetricFamily {
	if r == nil {
		return f
	}
	redacted := proto.Clone(f).(*dto.MetricFamily)
	for _, m := range redacted.GetMetric() {
		for _, l := range m.GetLabel() {
			value := l.GetValue()
			switch name := l.GetName(); {
			case name == "node":
				value = r.Node(value)
			case name == "hostname":
				value = r.As("host", value)
			case name == "namespace":
				value = r.As("ns", value)
			case !closedLabel(name):
				value = r.Text(value)
			}
			l.Value = &value
		}
	}
	return redacted
}

// countedLabel tells the labels of components' own metrics that collectors read,
// and those whose values are of closed sets.
func countedLabel(name string) bool {
	switch name {
	case "resource", "verb", "scope", "group", "version", "subresource", "le", "quantile", "code", "component":
		return true
	}
	return false
}

// lineLimit bounds a line of metrics in bytes.
const lineLimit = 1 << 20

// body copies metrics. Redacted, all values of labels but the counted ones become
// hashes with a key that is thrown away: as different from each other as before.
func (r *redactor) body(in io.Reader, w io.Writer) error {
	if r == nil {
		_, err := io.Copy(w, in)
		return err
	}
	lines := bufio.NewReaderSize(in, lineLimit)
	for {
		line, err := lines.ReadSlice('\n')
		atEnd := errors.Is(err, io.EOF)
		if err != nil && !atEnd {
			return fmt.Errorf("a line of metrics: %w", err)
		}
		if len(line) > 0 {
			if _, err := w.Write(r.line(line)); err != nil {
				return err
			}
		}
		if atEnd {
			return nil
		}
	}
}

// line replaces the label values of one sample.
func (r *redactor) line(line []byte) []byte {
	if line[0] == '#' || bytes.IndexByte(line, '{') < 0 {
		return line
	}
	var out []byte
	for {
		start := bytes.Index(line, []byte(`="`))
		if start < 0 {
			return append(out, line...)
		}
		name := line[bytes.LastIndexAny(line[:start], "{, ")+1 : start]
		start += len(`="`)
		end := start
		for end < len(line) && line[end] != '"' {
			if line[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(line))
		out = append(out, line[:start]...)
		if countedLabel(string(name)) {
			out = append(out, line[start:end]...)
		} else {
			out = append(out, r.hash(line[start:end])...)
		}
		line = line[end:]
	}
}

func (r *redactor) hash(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	h := hmac.New(sha256.New, r.key)
	h.Write(value)
	return "x" + hex.EncodeToString(h.Sum(nil)[:8])
}
