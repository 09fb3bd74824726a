package site

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// reader writes values and times in the words of a language, as of now.
type reader struct {
	words map[string]string
	now   time.Time
}

// quantity is a value as a person reads it, by the unit in the name of its metric.
func (r reader) quantity(metric string, value float64) string {
	switch {
	case math.IsNaN(value) || math.IsInf(value, 0):
		return strconv.FormatFloat(value, 'g', -1, 64)
	case strings.HasSuffix(metric, "_timestamp_seconds"):
		return r.moment(time.Unix(0, int64(value*float64(time.Second))))
	case strings.HasSuffix(metric, "_bytes"):
		return bytesOf(value)
	case strings.HasSuffix(metric, "_seconds"):
		return strconv.FormatFloat(value, 'g', 4, 64) + " s"
	}
	if value == math.Trunc(value) && math.Abs(value) < 1e15 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return strconv.FormatFloat(value, 'g', 4, 64)
}

// moment is a time with its age.
func (r reader) moment(at time.Time) string {
	return at.UTC().Format("2006-01-02 15:04:05 UTC") + " (" + r.age(at) + ")"
}

// clock is the time of the day.
func clock(at time.Time) string { return at.UTC().Format("15:04:05 UTC") }

// age tells how long ago a time was, or how far ahead it is; never if it is zero.
func (r reader) age(at time.Time) string {
	if at.IsZero() {
		return r.words["never"]
	}
	if at.After(r.now) {
		return fmt.Sprintf(r.words["ahead"], span(at.Sub(r.now)))
	}
	return fmt.Sprintf(r.words["ago"], span(r.now.Sub(at)))
}

func bytesOf(value float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for math.Abs(value) >= 1024 && i < len(units)-1 {
		value /= 1024
		i++
	}
	return strconv.FormatFloat(value, 'g', 4, 64) + " " + units[i]
}

// span is a duration in its two largest units, such as 3h12m.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh%dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm%ds", minutes, int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}
