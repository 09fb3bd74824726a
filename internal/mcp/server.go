// Package mcp lets assistants ask what is wrong with a cluster: a server of the Model
// Context Protocol over two streams. The official library would add 2 MB to a program that
// runs on each node; the protocol is small, and a test lets that library's client speak
// with this server.
package mcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
	"unicode/utf8"
)

// Tool is something that can be asked for.
type Tool struct {
	// Name and Description say what it is for.
	Name        string `json:"name"`
	Description string `json:"description"`
	// InputSchema is the JSON Schema of what Call takes, an object.
	InputSchema json.RawMessage `json:"inputSchema"`
	// Call returns what is marshalled as the answer. Its error is told to the assistant.
	Call func(ctx context.Context, arguments json.RawMessage) (any, error) `json:"-"`
}

// Server answers one client.
type Server struct {
	Version, Instructions string
	Tools                 []Tool

	mu      sync.Mutex
	w       io.Writer
	broken  error
	running map[string]context.CancelFunc
}

const (
	// longestMessage bounds a message of the client in bytes.
	longestMessage = 1 << 20
	// longestCall bounds the time of one call.
	longestCall = 10 * time.Minute
	// mostCalls bounds those that run at the same time.
	mostCalls = 8
)

// versions are those of the protocol that the server speaks, the newest first: what it
// uses is the same in all of them.
func versions() []string {
	return []string{"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}
}

// The codes of errors of JSON-RPC.
const (
	noJSON        = -32700
	noRequest     = -32600
	noMethod      = -32601
	badParameters = -32602
)

type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	// Result and Error are those of an answer. The server asks nothing, so that none is due.
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// named tells whether the ID is one that the protocol knows: a string or a number.
func (m message) named() bool { return bytes.ContainsAny(m.ID[:1], `"-0123456789`) }

type answer struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  any             `json:"result,omitempty"`
	Error   *failure        `json:"error,omitempty"`
}

type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Serve answers until the client closes its stream or ctx ends; then it waits for the calls
// that still run. A message is one line. The error says that one of the streams broke, or
// that a message is too long.
func (s *Server) Serve(ctx context.Context, r io.Reader, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.w, s.running = w, map[string]context.CancelFunc{}
	lines, ended := make(chan []byte), make(chan error, 1)
	go func() { // which ends with the stream, or with the program
		scanner := bufio.NewScanner(r)
		scanner.Buffer(nil, longestMessage)
		for scanner.Scan() {
			select {
			case lines <- slices.Clone(scanner.Bytes()):
			case <-ctx.Done():
				return
			}
		}
		ended <- scanner.Err()
	}()
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			calls.Wait()
			if err != nil {
				return fmt.Errorf("read a message: %w", err)
			}
			return s.failed()
		case line := <-lines:
			s.handle(ctx, line, &calls)
		}
		if err := s.failed(); err != nil {
			return err
		}
	}
}

func (s *Server) handle(ctx context.Context, line []byte, calls *sync.WaitGroup) {
	var m message
	switch err := json.Unmarshal(line, &m); {
	case err != nil && !json.Valid(line), !utf8.Valid(line):
		s.refuse(json.RawMessage("null"), noJSON, "no JSON")
		return
	case err != nil:
		s.refuse(json.RawMessage("null"), noRequest, "no request: one object a line")
		return
	case m.Method == "" && (m.Result != nil || m.Error != nil):
		return
	case m.Method == "", len(m.ID) > 0 && !m.named():
		s.refuse(json.RawMessage("null"), noRequest, "no request: it has no method, or an ID that is neither a string nor a number")
		return
	case len(m.ID) == 0:
		s.notified(m)
		return
	}
	switch m.Method {
	case "initialize":
		s.answer(m.ID, s.hello(m.Params))
	case "ping":
		s.answer(m.ID, struct{}{})
	case "tools/list":
		s.answer(m.ID, map[string]any{"tools": s.listed()})
	case "tools/call":
		s.call(ctx, m, calls)
	default:
		s.refuse(m.ID, noMethod, "there is no method "+m.Method)
	}
}

// hello says who the server is, in the version of the protocol that the client asks for.
func (s *Server) hello(params json.RawMessage) any {
	var asked struct {
		ProtocolVersion string `json:"protocolVersion"`
	}
	_ = json.Unmarshal(params, &asked) // without a version it is the newest
	version := versions()[0]
	if slices.Contains(versions(), asked.ProtocolVersion) {
		version = asked.ProtocolVersion
	}
	return map[string]any{
		"protocolVersion": version,
		"capabilities":    map[string]any{"tools": map[string]any{}},
		"serverInfo":      map[string]any{"name": "kubevitals", "version": s.Version},
		"instructions":    s.Instructions,
	}
}

// listed are the tools; none of them changes anything.
func (s *Server) listed() any {
	type annotated struct {
		Tool
		Annotations map[string]bool `json:"annotations"`
	}
	all := []annotated{}
	for _, t := range s.Tools {
		all = append(all, annotated{t, map[string]bool{"readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false}})
	}
	return all
}

// notified ends the call that a client no longer waits for. All other notifications need
// nothing.
func (s *Server) notified(m message) {
	var about struct {
		RequestID json.RawMessage `json:"requestId"`
	}
	if m.Method != "notifications/cancelled" || json.Unmarshal(m.Params, &about) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.running[string(about.RequestID)]; cancel != nil {
		cancel()
	}
}
