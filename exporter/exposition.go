package exporter

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// exposition is what one scrape is answered with.
type exposition struct {
	// process are the metrics of the process itself, and families those of collectors.
	process  []*dto.MetricFamily
	families Families
}

// only keeps the metrics of these names; all if there are none.
func (e exposition) only(names []string) exposition {
	if len(names) == 0 {
		return e
	}
	return exposition{
		process:  slices.DeleteFunc(e.process, func(f *dto.MetricFamily) bool { return !slices.Contains(names, f.GetName()) }),
		families: slices.DeleteFunc(slices.Clone(e.families), func(f Family) bool { return !slices.Contains(names, f.Desc.Name) }),
	}
}

// serve answers a request in the format and encoding that it asks for. It returns an
// error if the answer could not be written.
func (e exposition) serve(w http.ResponseWriter, r *http.Request) error {
	format := expfmt.NegotiateAccept(r.Header, expfmt.DefaultOpenMetricsAcceptedFormats()...)
	header := w.Header()
	header.Set("Content-Type", string(format))
	header.Add("Vary", "Accept")
	header.Add("Vary", "Accept-Encoding")
	if !acceptsGzip(r.Header) {
		return e.write(w, format)
	}
	header.Set("Content-Encoding", "gzip")
	// Text of metrics repeats itself: more effort saves a few bytes and takes
	// several times as long.
	packed, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if err := e.write(packed, format); err != nil {
		return err
	}
	return packed.Close()
}

func (e exposition) write(to io.Writer, format expfmt.Format) error {
	encoder := expfmt.NewEncoder(to, format)
	for _, f := range e.process {
		if err := encoder.Encode(f); err != nil {
			return fmt.Errorf("write %s: %w", f.GetName(), err)
		}
	}
	switch format.FormatType() {
	case expfmt.TypeTextPlain, expfmt.TypeOpenMetrics:
		text := textWriter{to: to, open: format.FormatType() == expfmt.TypeOpenMetrics, text: make([]byte, 0, flushAt+flushAt/8)}
		if err := text.families(e.families); err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
	default: // protocol buffers
		for _, f := range e.families {
			if err := encoder.Encode(f.message()); err != nil {
				return fmt.Errorf("write %s: %w", f.Desc.Name, err)
			}
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok {
		return closer.Close() // the end of OpenMetrics
	}
	return nil
}

// acceptsGzip tells whether a client may be answered in gzip.
func acceptsGzip(h http.Header) bool {
	for part := range strings.SplitSeq(h.Get("Accept-Encoding"), ",") {
		name, parameter, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name = strings.TrimSpace(name); name != "gzip" && name != "*" {
			continue
		}
		weight, given := strings.CutPrefix(strings.ReplaceAll(parameter, " ", ""), "q=")
		if q, err := strconv.ParseFloat(weight, 64); !given || err == nil && q > 0 {
			return true
		}
	}
	return false
}
