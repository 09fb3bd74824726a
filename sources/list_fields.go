package sources

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// fieldReader reads a message of protobuf field by field, of which it is not known how long it
// is.
type fieldReader struct {
	in     *bufio.Reader
	left   int64
	buffer []byte
}

// each hands over the number and the length of each field, whose value then has to be
// read. Lists have no fields but messages and texts.
func (f *fieldReader) each(take func(number int32, length int64) error) error {
	for f.left > 0 {
		if _, err := f.in.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		tag, err := binary.ReadUvarint(f)
		if err != nil {
			return err
		}
		length, err := binary.ReadUvarint(f)
		switch {
		case err != nil:
			return err
		case tag&7 != 2 || int64(length) < 0: //nolint:gosec // this is what is asked
			return errNoList(nil)
		case int64(length) > f.left: //nolint:gosec // as above
			return io.ErrUnexpectedEOF
		}
		if err := take(int32(tag>>3), int64(length)); err != nil { //nolint:gosec // as decoders do
			return err
		}
	}
	return nil
}

// ReadByte implements io.ByteReader. The end comes before a field, and not within.
func (f *fieldReader) ReadByte() (byte, error) {
	if f.left--; f.left < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	b, err := f.in.ReadByte()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// head reads a value that says something of the list itself.
func (f *fieldReader) head(length int64) ([]byte, error) {
	if length > headLimit {
		return nil, &bounded.Error{What: "what a list says of itself is larger than " + bounded.Size(headLimit)}
	}
	return f.text(length)
}

// text reads a value. It is good until the next one is read.
func (f *fieldReader) text(length int64) ([]byte, error) {
	if f.left -= length; f.left < 0 {
		return nil, io.ErrUnexpectedEOF
	}
	var err error
	f.buffer, err = readOnto(f.buffer[:0], f.in, length)
	return f.buffer, err
}

// skip leaves a value out.
func (f *fieldReader) skip(length int64) error {
	f.left -= length
	_, err := io.CopyN(io.Discard, f.in, length)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// readOnto appends so many bytes of r to a buffer, which grows as they come: that they
// will was only said.
func readOnto(buffer []byte, r io.Reader, length int64) ([]byte, error) {
	const step = 64 << 10
	for length > 0 {
		n := int(min(length, step))
		at := len(buffer)
		buffer = append(buffer, make([]byte, n)...)
		got, err := io.ReadFull(r, buffer[at:])
		if buffer = buffer[:at+got]; err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return buffer, err
		}
		length -= int64(n)
	}
	return buffer, nil
}
