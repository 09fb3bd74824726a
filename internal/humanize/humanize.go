// Package humanize writes values and times of metrics as a person reads them.
package humanize

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Words are how a language speaks of times.
type Words struct {
	// Ago and Ahead have one %s for a duration.
	Ago, Ahead string
	// Never stands for a time that is zero.
	Never string
	// Units of days, hours, minutes and seconds follow their numbers, and Between stands
	// between two of them.
	Units   [4]string
	Between string
	// Minutes is the unit of minutes that stand alone.
	Minutes string
}

// English are the English words.
func English() Words {
	return Words{Ago: "%s ago", Ahead: "in %s", Never: "never", Units: [4]string{"d", "h", "m", "s"}, Minutes: "m"}
}

// Chinese are those of Traditional Chinese.
func Chinese() Words {
	return Words{
		Ago: "%s前", Ahead: "%s後", Never: "從未", Units: [4]string{" 天", " 小時", " 分", " 秒"}, Between: " ", Minutes: " 分鐘",
	}
}

// Reader writes values and times as of one moment.
type Reader struct {
	Words Words
	Now   time.Time
}

// Value writes a value by the unit that the name of its metric ends in: a time with
// its age, bytes with a binary prefix, seconds as such, all else as a number.
func (r Reader) Value(metric string, value float64) string {
	switch {
	case math.IsNaN(value) || math.IsInf(value, 0):
		return strconv.FormatFloat(value, 'g', -1, 64)
	case strings.HasSuffix(metric, "_timestamp_seconds"):
		return r.Moment(time.Unix(0, int64(value*float64(time.Second))))
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

// Moment writes a time with its age.
func (r Reader) Moment(at time.Time) string {
	return at.UTC().Format("2006-01-02 15:04:05 UTC") + " (" + r.Age(at) + ")"
}

// Age tells how long ago a time was, or how far ahead it is.
func (r Reader) Age(at time.Time) string {
	if at.IsZero() {
		return r.Words.Never
	}
	if at.After(r.Now) {
		return fmt.Sprintf(r.Words.Ahead, r.Words.Span(at.Sub(r.Now)))
	}
	return fmt.Sprintf(r.Words.Ago, r.Words.Span(r.Now.Sub(at)))
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

// Span writes a duration in its two largest units, such as 3h12m, without those that are 0.
func (w Words) Span(d time.Duration) string {
	seconds := int(d.Round(time.Second).Seconds())
	numbers := []int{seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60}
	first := slices.IndexFunc(numbers, func(n int) bool { return n > 0 })
	if first < 0 {
		first = len(numbers) - 1
	}
	text := strconv.Itoa(numbers[first])
	switch rest := first + 1; {
	case rest < len(numbers) && numbers[rest] > 0:
		return text + w.Units[first] + w.Between + strconv.Itoa(numbers[rest]) + w.Units[rest]
	case first == 2:
		return text + w.Minutes
	}
	return text + w.Units[first]
}
