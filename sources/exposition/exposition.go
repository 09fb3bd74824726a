// Package exposition counts what a /metrics body holds, while it streams by: in
// constant memory, and fast enough to read the bodies of thousands of kubelets.
//
// It reads the Prometheus text format and OpenMetrics. A family is here what
// stands before the labels of a sample, so that _sum, _count and _bucket count
// apart, as they do in
//
//	curl ... | sed 's/{.*//' | sort | uniq -c
package exposition

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// Options bound and direct a parse. The zero value has the defaults.
type Options struct {
	// TopN is how many of the largest families the report names; none by default.
	TopN int
	// BodyLimit is how many bytes are read at most; 256 MiB by default.
	BodyLimit int64
	// FamilyLimit is how many families are told apart at most; 5,000 by default.
	FamilyLimit int
	// Visit is called for every sample of the families it names, with the text
	// between the braces and the text of the value. Both are only valid during
	// the call.
	Visit map[string]func(labels, value []byte)
	// Buffers, if set, lends what bodies are read into.
	Buffers *Buffers
}

const (
	defaultBodyLimit   = 256 << 20
	defaultFamilyLimit = 5_000
)

// FamilyCount is the number of series of one family.
type FamilyCount struct {
	Name   string
	Series int64
}

// Report is what a body holds.
type Report struct {
	// Bytes is the size of what was read, after decompression.
	Bytes int64
	// Series is the number of samples.
	Series int64
	// Families is the number of distinct names; of long ones the beginning counts.
	Families int64
	// Top are the largest families, most series first, by name where equal.
	Top []FamilyCount
	// Informer is the number of series of client-go's reflectors and informers.
	Informer int64
	// ResidentBytes is process_resident_memory_bytes; NaN if it is absent.
	ResidentBytes float64
	// StartTime is process_start_time_seconds, a Unix time in seconds; NaN if it is
	// absent.
	StartTime float64
	// ClientCertificateTTL is kubelet_certificate_manager_client_ttl_seconds: for how long
	// the certificate with which a kubelet logs in is still valid. It is NaN if it is absent,
	// and +Inf where the kubelet has none, or none that is valid: of an expired one a kubelet
	// does not tell.
	ClientCertificateTTL float64
	// Truncated says that a limit was reached, so the numbers are lower bounds.
	Truncated bool
	// Invalid names figures that cannot be, which count as absent.
	Invalid []string
}

const (
	residentMetric = "process_resident_memory_bytes"
	startMetric    = "process_start_time_seconds"
	ttlMetric      = "kubelet_certificate_manager_client_ttl_seconds"
)

// Parse reads r to its end or to a limit. It fails, naming the line, when r is
// not in a text format of Prometheus, or ends within a line; the report is then of
// what came before.
func Parse(r io.Reader, o Options) (Report, error) {
	if o.BodyLimit <= 0 {
		o.BodyLimit = defaultBodyLimit
	}
	if o.FamilyLimit <= 0 {
		o.FamilyLimit = defaultFamilyLimit
	}
	resident, started, ttl := math.NaN(), math.NaN(), math.NaN()
	p := newParser(o, map[string]func(labels, value []byte){residentMetric: into(&resident), startMetric: into(&started), ttlMetric: into(&ttl)})
	err := p.read(r, o.BodyLimit)
	report := p.report(o.TopN)
	report.ResidentBytes = report.figure(residentMetric, resident, resident >= 0 && resident < 1<<60)
	report.StartTime = report.figure(startMetric, started, started >= 0 && started < 1<<40 && bounded.Time(time.Unix(int64(started), 0)))
	report.ClientCertificateTTL = report.figure(ttlMetric, ttl, ttl > -1<<40 && ttl < 1<<40 || math.IsInf(ttl, 1))
	if err != nil {
		return report, fmt.Errorf("line %d: %w", p.line, err)
	}
	return report, nil
}

// figure returns the value, or NaN if it cannot be.
func (r *Report) figure(name string, value float64, possible bool) float64 {
	if math.IsNaN(value) || possible {
		return value
	}
	r.Invalid = append(r.Invalid, name)
	return math.NaN()
}

// into keeps the value of a family that has one sample.
func into(target *float64) func(labels, value []byte) {
	return func(_, value []byte) {
		if v, err := strconv.ParseFloat(string(value), 64); err == nil {
			*target = v
		}
	}
}

func (p *parser) report(top int) Report {
	report := Report{
		Bytes: p.bytes, Series: p.overflow, Families: int64(len(p.families)),
		Truncated: p.truncated,
	}
	counts := make([]FamilyCount, 0, len(p.families))
	for name, f := range p.families {
		report.Series += f.series
		if f.informer {
			report.Informer += f.series
		}
		counts = append(counts, FamilyCount{name, f.series})
	}
	slices.SortFunc(counts, func(a, b FamilyCount) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), cmp.Compare(a.Name, b.Name))
	})
	if top < len(counts) {
		counts = counts[:max(top, 0)]
	}
	report.Top = slices.Clone(counts)
	return report
}
