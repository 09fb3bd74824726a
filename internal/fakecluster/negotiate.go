package fakecluster

import (
	"compress/gzip"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/kubevitals/kubevitals/sources/scheme"
)

// gzipThreshold is the size from which API servers compress an answer.
const gzipThreshold = 128 << 10

// codecs turn objects into the media types of the API.
type codecs struct {
	factory serializer.CodecFactory
	gzips   *sync.Pool
}

func newCodecs() codecs {
	// Item by item, as API servers do: a list of a large cluster is never one buffer.
	return codecs{serializer.NewCodecFactory(scheme.Scheme,
		serializer.WithStreamingCollectionEncodingToJSON(),
		serializer.WithStreamingCollectionEncodingToProtobuf()), newGzips()}
}

// negotiate returns the first media type that the client accepts and the
// resource has. Transformations (tables, metadata only) are not offered; clients
// that ask for them name a plain type as well.
func (c codecs) negotiate(r *http.Request, typed bool) (runtime.SerializerInfo, error) {
	accept := r.Header.Get("Accept")
	if accept == "" {
		accept = runtime.ContentTypeJSON
	}
	for part := range strings.SplitSeq(accept, ",") {
		mediaType, params, err := mime.ParseMediaType(part)
		if err != nil || params["as"] != "" {
			continue
		}
		if mediaType == "*/*" || mediaType == "application/*" {
			mediaType = runtime.ContentTypeJSON
		}
		if mediaType != runtime.ContentTypeJSON && (mediaType != runtime.ContentTypeProtobuf || !typed) {
			continue
		}
		if info, ok := runtime.SerializerInfoForMediaType(c.factory.SupportedMediaTypes(), mediaType); ok {
			return info, nil
		}
	}
	return runtime.SerializerInfo{}, apierrors.NewGenericServerResponse(http.StatusNotAcceptable, r.Method,
		schema.GroupResource{}, "", fmt.Sprintf("only the following media types are accepted: %s, %s",
			runtime.ContentTypeJSON, runtime.ContentTypeProtobuf), 0, true)
}

// respond writes one object or list.
//
//nolint:unparam // a status is part of any answer
func (c codecs) respond(w http.ResponseWriter, r *http.Request, typed bool, status int, obj runtime.Object) {
	info, err := c.negotiate(r, typed)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", info.MediaType)
	out := &compressor{to: w, status: status, gzips: c.gzips, threshold: gzipThreshold, enabled: acceptsGzip(r)}
	// The object's kind is filled in, so the plain serializer is enough. A client
	// that went away is no one to report an error to.
	if err := info.Serializer.Encode(obj, out); err == nil {
		_ = out.Close()
	}
}

// fail writes an error as a Status object.
func (c codecs) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	info, negotiationErr := c.negotiate(r, true)
	if negotiationErr != nil {
		info, _ = runtime.SerializerInfoForMediaType(c.factory.SupportedMediaTypes(), runtime.ContentTypeJSON)
	}
	w.Header().Set("Content-Type", info.MediaType)
	if status.Details != nil && status.Details.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(status.Details.RetryAfterSeconds))
	}
	w.WriteHeader(int(status.Code))
	_ = info.Serializer.Encode(status, w)
}

// statusOf is the Status object that stands for an error.
func statusOf(err error) *metav1.Status {
	status := apierrors.NewInternalError(err).Status()
	if known, ok := err.(apierrors.APIStatus); ok {
		status = known.Status()
	}
	status.Kind, status.APIVersion = "Status", "v1"
	if status.Code == 0 {
		status.Code = http.StatusInternalServerError
	}
	return &status
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if name, _, _ := strings.Cut(strings.TrimSpace(part), ";"); name == "gzip" {
			return true
		}
	}
	return false
}

// compressor writes an answer, and compresses it once it proves to be large.
type compressor struct {
	to        http.ResponseWriter
	gzips     *sync.Pool
	status    int
	threshold int
	enabled   bool

	held    []byte
	out     io.Writer
	gzipped *gzip.Writer
}

func (c *compressor) Write(p []byte) (int, error) {
	if c.out != nil {
		return c.out.Write(p)
	}
	c.held = append(c.held, p...)
	if c.enabled && len(c.held) < c.threshold {
		return len(p), nil
	}
	if err := c.begin(c.enabled); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *compressor) begin(compress bool) error {
	c.out = c.to
	if compress {
		c.to.Header().Set("Content-Encoding", "gzip")
		c.to.Header().Add("Vary", "Accept-Encoding")
		c.gzipped = c.gzips.Get().(*gzip.Writer)
		c.gzipped.Reset(c.to)
		c.out = c.gzipped
	}
	c.to.WriteHeader(c.status)
	_, err := c.out.Write(c.held)
	c.held = nil
	return err
}

// Close writes what is left of the answer.
func (c *compressor) Close() error {
	if c.out == nil {
		if err := c.begin(false); err != nil {
			return err
		}
	}
	if c.gzipped == nil {
		return nil
	}
	err := c.gzipped.Close()
	c.gzips.Put(c.gzipped)
	return err
}

// newGzips pools writers of the level that API servers and kubelets use: each
// holds about a megabyte.
func newGzips() *sync.Pool {
	return &sync.Pool{New: func() any {
		// Fails for an unknown level only.
		z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
		return z
	}}
}
