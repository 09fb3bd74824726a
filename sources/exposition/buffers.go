package exposition

import "sync"

// Buffers lends the buffers that bodies are read into, so that thousands of them
// need a few. The zero value is good, and nil makes one for each body. It is safe
// for concurrent use.
type Buffers struct{ pool sync.Pool }

// lend returns a buffer and what takes it back.
func (b *Buffers) lend() ([]byte, func()) {
	if b == nil {
		return make([]byte, bufferSize), func() {}
	}
	buffer, ok := b.pool.Get().(*[]byte)
	if !ok {
		buffer = new(make([]byte, bufferSize))
	}
	return *buffer, func() { b.pool.Put(buffer) }
}
