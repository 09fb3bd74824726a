package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// call runs a tool beside others.
func (s *Server) call(ctx context.Context, m message, calls *sync.WaitGroup) {
	var asked struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	}
	if err := json.Unmarshal(m.Params, &asked); err != nil {
		s.refuse(m.ID, badParameters, "tools/call takes a name and arguments")
		return
	}
	i := slices.IndexFunc(s.Tools, func(t Tool) bool { return t.Name == asked.Name })
	if i < 0 {
		s.refuse(m.ID, badParameters, "there is no tool "+asked.Name)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, longestCall)
	s.mu.Lock()
	full := len(s.running) >= mostCalls || s.running[string(m.ID)] != nil
	if !full {
		s.running[string(m.ID)] = cancel
	}
	s.mu.Unlock()
	if full {
		cancel()
		s.refuse(m.ID, noRequest, fmt.Sprintf("%d calls run, or one of this id; wait for them", mostCalls))
		return
	}
	calls.Go(func() {
		defer cancel()
		result, err := s.Tools[i].Call(ctx, asked.Arguments)
		s.mu.Lock()
		delete(s.running, string(m.ID))
		s.mu.Unlock()
		if errors.Is(ctx.Err(), context.Canceled) {
			return // nobody waits for it
		}
		s.answer(m.ID, content(result, err))
	})
}

// content is the answer of a tool, as a text and for programs.
func content(result any, err error) any {
	text, bad := json.Marshal(result)
	if err = errors.Join(err, bad); err != nil {
		return map[string]any{"isError": true, "content": []any{map[string]string{"type": "text", "text": err.Error()}}}
	}
	return map[string]any{"structuredContent": json.RawMessage(text), "content": []any{map[string]string{"type": "text", "text": string(text)}}}
}

func (s *Server) refuse(id json.RawMessage, code int, text string) {
	s.send(answer{JSONRPC: "2.0", ID: id, Error: &failure{code, text}})
}

func (s *Server) answer(id json.RawMessage, result any) {
	s.send(answer{JSONRPC: "2.0", ID: id, Result: result})
}

func (s *Server) send(a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := json.NewEncoder(s.w).Encode(a); err != nil && s.broken == nil {
		s.broken = fmt.Errorf("write an answer: %w", err)
	}
}

func (s *Server) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}
