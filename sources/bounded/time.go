package bounded

import "time"

// Time tells whether a time may be one of a clock. Those without a battery start in
// 1970, and those that are set wrong may be off by years; year 1 and year 2200 are none.
func Time(t time.Time) bool { return t.Unix() >= 0 && t.UTC().Year() < 2100 }
