package bounded

import (
	"strconv"
	"strings"
	"testing"
)

// TestPages verifies which lists are given up: those whose pages come again, and those
// that have too many or too much in them.
func TestPages(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		token func(page int) string
		bytes int64
		says  string
		after int // that many pages
	}{
		"of a large cluster": {token: func(page int) string {
			if page == 300 {
				return ""
			}
			return strconv.Itoa(page)
		}, bytes: 800 << 10, after: 300},
		"one page again and again": {token: func(int) string { return "more" }, says: "comes one that was there before", after: 2},
		"in a circle":              {token: func(page int) string { return strconv.Itoa(page % 7) }, says: "comes one that was there before", after: 8},
		"without an end":           {token: strconv.Itoa, says: "more than 4000 pages", after: 4000},
		"of large pages":           {token: strconv.Itoa, bytes: 64 << 20, says: "larger than 256 MiB", after: 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p Pages
			for range 2 { // the next list begins anew
				page, asked := 0, ""
				var err error
				for {
					page++
					next := tt.token(page)
					if err = p.Next(asked, next, tt.bytes); err != nil || next == "" {
						break
					}
					asked = next
				}
				if page != tt.after || (err != nil) != (tt.says != "") || err != nil && (!Is(err) || !strings.Contains(err.Error(), tt.says)) {
					t.Errorf("after %d pages: %v; want %q after %d", page, err, tt.says, tt.after)
				}
			}
		})
	}
}
