package fakecluster

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/streaming"
	"k8s.io/apimachinery/pkg/watch"
)

// eventWriter frames and encodes the events of one watch.
type eventWriter struct {
	to       http.ResponseWriter
	gzips    *sync.Pool
	compress bool
	// gzipped is taken from the pool for the time from an event to the flush after
	// it: idle watches hold no buffers.
	gzipped *gzip.Writer

	object runtime.Encoder
	events streaming.Encoder
	buffer bytes.Buffer
}

func newEventWriter(w http.ResponseWriter, info runtime.SerializerInfo, gzips *sync.Pool, compress bool) *eventWriter {
	e := &eventWriter{to: w, gzips: gzips, compress: compress, object: info.Serializer}
	e.events = streaming.NewEncoder(info.StreamSerializer.Framer.NewFrameWriter(e), info.StreamSerializer.Serializer)
	mediaType := info.MediaType
	if mediaType != runtime.ContentTypeJSON {
		mediaType += ";stream=watch"
	}
	w.Header().Set("Content-Type", mediaType)
	if compress {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Add("Vary", "Accept-Encoding")
	}
	w.WriteHeader(http.StatusOK)
	// Clients take the headers as the sign that the watch is on.
	_ = http.NewResponseController(w).Flush()
	return e
}

// Write takes what the framer writes.
func (e *eventWriter) Write(p []byte) (int, error) {
	if !e.compress {
		return e.to.Write(p)
	}
	if e.gzipped == nil {
		e.gzipped = e.gzips.Get().(*gzip.Writer)
		e.gzipped.Reset(e.to)
	}
	return e.gzipped.Write(p)
}

func (e *eventWriter) send(kind watch.EventType, obj runtime.Object) error {
	e.buffer.Reset()
	if err := e.object.Encode(obj, &e.buffer); err != nil {
		return fmt.Errorf("encode an event: %w", err)
	}
	event := &metav1.WatchEvent{Type: string(kind), Object: runtime.RawExtension{Raw: e.buffer.Bytes()}}
	return e.events.Encode(event)
}

func (e *eventWriter) flush() error {
	if e.gzipped != nil {
		// Ends the data before it ends the stream: a reader that met both at once
		// would wait for the next stream before it gave the data away.
		if err := e.gzipped.Flush(); err != nil {
			return err
		}
		if err := e.gzipped.Close(); err != nil {
			return err
		}
		e.gzips.Put(e.gzipped)
		e.gzipped = nil
	}
	return http.NewResponseController(e.to).Flush()
}
