// Package leakybody writes the /metrics body of a kubelet whose reflector
// metrics leak: every reflector that ever was leaves 24 series behind. With
// 8,583 reflectors its counts are those of the troubleshooting guide.
package leakybody

import (
	"bufio"
	"fmt"
	"io"
)

// GuideReflectors is the number of reflectors in the guide's example.
const GuideReflectors = 8583

// SeriesPerReflector is how many series one reflector leaves behind.
const SeriesPerReflector = 24

// Summaries are the families with three quantiles, a sum and a count each.
func Summaries() []string {
	return []string{
		"reflector_items_per_list", "reflector_items_per_watch",
		"reflector_list_duration_seconds", "reflector_watch_duration_seconds",
	}
}

// Plain are the families with one series per reflector.
func Plain() []string {
	return []string{
		"reflector_last_resource_version", "reflector_lists_total",
		"reflector_short_watches_total", "reflector_watches_total",
	}
}

// Write writes a body with that many reflectors and what else a kubelet has in
// small. The same number always gives the same body.
func Write(w io.Writer, reflectors int) error {
	b := bufio.NewWriterSize(w, 64<<10)
	name := func(i int) string {
		return fmt.Sprintf("object-%q/%q", fmt.Sprintf("team-%03d", i%211), fmt.Sprintf("job-%d-config", i))
	}
	for _, family := range Summaries() {
		header(b, family, "summary")
		for i := range reflectors {
			label := escape(name(i))
			for _, quantile := range []string{"0.5", "0.9", "0.99"} {
				_, _ = fmt.Fprintf(b, "%s{name=\"%s\",quantile=\"%s\"} NaN\n", family, label, quantile)
			}
			_, _ = fmt.Fprintf(b, "%s_sum{name=\"%s\"} %g\n", family, label, float64(i%97)/7)
			_, _ = fmt.Fprintf(b, "%s_count{name=\"%s\"} %d\n", family, label, 1+i%13)
		}
	}
	for _, family := range Plain() {
		header(b, family, "counter")
		for i := range reflectors {
			_, _ = fmt.Fprintf(b, "%s{name=\"%s\"} %d\n", family, escape(name(i)), 1+i%13)
		}
	}
	header(b, "process_resident_memory_bytes", "gauge")
	_, _ = fmt.Fprintf(b, "process_resident_memory_bytes %g\n", 2.5e8+2.4e5*float64(reflectors))
	header(b, "storage_operation_duration_seconds", "histogram")
	for i := range 165 {
		_, _ = fmt.Fprintf(b, "storage_operation_duration_seconds_bucket{operation_name=\"volume_mount\",le=\"%d\"} %d\n", i, i)
	}
	return b.Flush() // keeps the first error of all writes
}

func header(b *bufio.Writer, family, kind string) {
	_, _ = fmt.Fprintf(b, "# HELP %s What client-go says of it.\n# TYPE %s %s\n", family, family, kind)
}

// escape escapes the quotes of a label value.
func escape(value string) string {
	var escaped []byte
	for i := range len(value) {
		if value[i] == '"' || value[i] == '\\' {
			escaped = append(escaped, '\\')
		}
		escaped = append(escaped, value[i])
	}
	return string(escaped)
}
