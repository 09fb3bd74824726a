// Package bounded reads what others write without trusting them: whoever answers a
// request or made a file must not decide how much memory its decoder takes. The
// bounds hold for what decoders see, so after decompression.
package bounded

import (
	"errors"
	"fmt"
	"io"
)

// Error says beyond which bound something goes. Its text is short, whatever was read.
type Error struct{ What string }

func (e *Error) Error() string { return e.What }

// Is tells whether an error stems from a bound of this package.
func Is(err error) bool {
	_, ok := errors.AsType[*Error](err)
	return ok
}

// Reader returns at most limit bytes of r and then fails with an *Error, where
// io.LimitReader would pretend that the body ended.
func Reader(r io.Reader, limit int64) io.Reader {
	return &reader{r: r, left: limit, limit: limit}
}

type reader struct {
	r           io.Reader
	left, limit int64
}

func (b *reader) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if int64(n) > b.left {
		n, b.left = int(b.left), 0
		return n, &Error{"body is larger than " + Size(b.limit)}
	}
	b.left -= int64(n)
	return n, err
}

// Size writes a number of bytes.
func Size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
