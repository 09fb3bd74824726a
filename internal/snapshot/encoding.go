package snapshot

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// byteOrderMarks are what texts begin with that Windows writes, such as those of
// PowerShell's > operator, which are in UTF-16.
const (
	markUTF8         = "\xef\xbb\xbf"
	markLittleEndian = "\xff\xfe"
	markBigEndian    = "\xfe\xff"
)

// marked tells whether a text begins with the mark of UTF-16.
func marked(start []byte) bool {
	return bytes.HasPrefix(start, []byte(markLittleEndian)) || bytes.HasPrefix(start, []byte(markBigEndian))
}

// inUTF8 returns a text without its byte order mark, and in UTF-8 if the mark says that
// it is in UTF-16.
func inUTF8(r *bufio.Reader) io.Reader {
	start, _ := r.Peek(len(markUTF8)) // whoever reads on meets the error
	switch {
	case bytes.HasPrefix(start, []byte(markUTF8)):
		_, _ = r.Discard(len(markUTF8)) // it is in memory
	case bytes.HasPrefix(start, []byte(markLittleEndian)):
		_, _ = r.Discard(len(markLittleEndian))
		return &fromUTF16{r: r, order: binary.LittleEndian}
	case bytes.HasPrefix(start, []byte(markBigEndian)):
		_, _ = r.Discard(len(markBigEndian))
		return &fromUTF16{r: r, order: binary.BigEndian}
	}
	return r
}

// fromUTF16 reads UTF-16 as UTF-8. Half a unit at the end is io.ErrUnexpectedEOF.
type fromUTF16 struct {
	r     io.Reader
	order binary.ByteOrder
	// text waits to be read, and half is the first of two units of one character.
	text []byte
	half rune
	raw  [sniffed]byte
}

func (u *fromUTF16) Read(p []byte) (int, error) {
	for len(u.text) == 0 {
		n, err := io.ReadFull(u.r, u.raw[:])
		if n == 0 {
			return 0, err
		}
		u.decode(u.raw[:n-n%2])
		if n%2 != 0 {
			return 0, io.ErrUnexpectedEOF
		}
	}
	n := copy(p, u.text)
	u.text = u.text[n:]
	return n, nil
}

func (u *fromUTF16) decode(raw []byte) {
	u.text = u.text[:0]
	for ; len(raw) > 0; raw = raw[2:] {
		unit := rune(u.order.Uint16(raw))
		switch {
		case u.half != 0:
			unit, u.half = utf16.DecodeRune(u.half, unit), 0
		case utf16.IsSurrogate(unit):
			u.half = unit
			continue
		}
		u.text = utf8.AppendRune(u.text, unit)
	}
}
