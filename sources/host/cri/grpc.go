package cri

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"syscall"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/health"
)

// Two calls without arguments, each with one short answer, are all that is asked
// of a runtime. gRPC's own library would be the largest part of the agent for
// them; a call is an HTTP/2 request whose body is a message behind five bytes.

// messageLimit bounds an answer; that to Status is a few kilobytes.
const messageLimit = 4 << 20

// headerSize is that of what stands before a message: a flag and the length.
const headerSize = 5

// dial returns a client of the socket.
func dial(socket string) *http.Client {
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{
		Protocols: protocols, MaxResponseHeaderBytes: bounded.HeaderLimit,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
}

// invoke makes one call with an empty message and returns the message of the
// answer.
func invoke(ctx context.Context, client *http.Client, method string) ([]byte, error) {
	url := "http://localhost/runtime.v1.RuntimeService/" + method
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(make([]byte, headerSize)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the socket answers with HTTP status %d, which is not gRPC", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, messageLimit+headerSize+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	// The status comes behind the body or, where there is none, with the headers.
	status := response.Trailer.Get("Grpc-Status")
	if status == "" {
		status = response.Header.Get("Grpc-Status")
	}
	if code, err := strconv.Atoi(status); err != nil || code != 0 {
		return nil, statusError(status)
	}
	return message(body)
}

// message takes the message out of the body of an answer.
func message(body []byte) ([]byte, error) {
	if len(body) < headerSize || body[0] != 0 || int(binary.BigEndian.Uint32(body[1:headerSize])) != len(body)-headerSize {
		return nil, errors.New("the answer is not one plain message of gRPC")
	}
	return body[headerSize:], nil
}

// statusError is a call that was answered with another status of gRPC than 0.
type statusError string

func (e statusError) Error() string { return "gRPC status " + strconv.Quote(string(e)) }

// The statuses of gRPC that are told apart.
const (
	statusDeadline      statusError = "4"
	statusUnimplemented statusError = "12"
)

func outcomeOf(err error) health.Reason {
	if status, ok := errors.AsType[statusError](err); ok {
		switch status {
		case statusDeadline:
			return health.Timeout
		case statusUnimplemented:
			return Unimplemented
		}
		return health.Failed
	}
	switch {
	case err == nil:
		return health.Available
	case errors.Is(err, fs.ErrNotExist):
		return NoSocket
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, fs.ErrPermission):
		return health.Forbidden
	// A runtime that has taken no connection for long has a full queue of them.
	case errors.Is(err, syscall.EAGAIN), health.Classify(err) == health.Timeout:
		return health.Timeout
	}
	return health.Failed
}
