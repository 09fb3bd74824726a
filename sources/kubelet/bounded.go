package kubelet

import (
	"fmt"
	"io"
)

// bounded returns at most limit bytes of r and then fails, where io.LimitReader
// would pretend that the body ended.
func bounded(r io.Reader, limit int64) io.Reader {
	return &boundedReader{r: r, left: limit, limit: limit}
}

type boundedReader struct {
	r           io.Reader
	left, limit int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if int64(n) > b.left {
		n, b.left = int(b.left), 0
		return n, fmt.Errorf("body is larger than %d bytes", b.limit)
	}
	b.left -= int64(n)
	return n, err
}
