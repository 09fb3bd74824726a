package logs

import (
	"strings"
	"time"
)

// Stamp takes the time off the beginning of a line; ok is false for what is no
// line of a log. now tells the year where the line does not.
type Stamp func(line string, now time.Time) (at time.Time, message string, ok bool)

// PodStamp reads the time that the API server puts before the lines of a pod.
func PodStamp(line string, _ time.Time) (at time.Time, message string, ok bool) {
	stamp, message, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	return at, message, err == nil
}

// journalTime is how journalctl writes times in UTC with --output=short-precise.
const journalTime = "Jan _2 15:04:05.000000"

// JournalStamp reads the time that the journal of a node puts before each line;
// it has no year.
func JournalStamp(line string, now time.Time) (at time.Time, message string, ok bool) {
	if len(line) <= len(journalTime) {
		return at, "", false
	}
	at, err := time.Parse(journalTime, line[:len(journalTime)])
	if err != nil {
		return at, "", false
	}
	at = at.AddDate(now.UTC().Year(), 0, 0)
	// At the turn of the year the line may be of the one before.
	if at.After(now.AddDate(0, 6, 0)) {
		at = at.AddDate(-1, 0, 0)
	}
	return at, line[len(journalTime):], true
}
