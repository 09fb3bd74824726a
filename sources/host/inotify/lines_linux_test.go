package inotify

import (
	"strings"
	"testing"
	"testing/iotest"
)

// TestLines reads what the kernel writes in pieces of any size.
func TestLines(t *testing.T) {
	t.Parallel()
	text := "pos:\t0\nflags:\t02000000\nmnt_id:\t15\nino:\t1057\n" +
		strings.Repeat("inotify wd:2 ino:13 sdev:800013 mask:100 ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:13000000ab\n", 2500) +
		"not an inotify wd:1\n"
	c := newLineCounter()
	for name, r := range map[string]interface{ Read([]byte) (int, error) }{
		"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text)),
		"by halves": iotest.HalfReader(strings.NewReader(text)),
	} {
		got, err := c.read(func(b []byte) (int, error) {
			n, _ := r.Read(b) // a file ends with no bytes and no error
			return n, nil
		})
		if got != 2500 || err != nil {
			t.Errorf("%s: %d watches, %v", name, got, err)
		}
	}
	endless := func(b []byte) (int, error) { return copy(b, strings.Repeat("x", len(b))), nil }
	if _, err := c.read(endless); err == nil {
		t.Error("a line without end")
	}
}
