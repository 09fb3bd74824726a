package server

import (
	"fmt"
	"log"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What whoever reaches the port may add to the log, such as errors of TLS handshakes: a few
// lines at once and then one each while.
const (
	linesAtOnce = 5
	linesEach   = 30 * time.Second
)

// sparseLog is for the errors of connections, which whoever reaches the port can make as
// many of as he likes. Lines beyond a few are left out, and the next one says how many.
func sparseLog(logger *slog.Logger, level slog.Level) *log.Logger {
	return log.New(&sparse{to: slog.NewLogLogger(logger.Handler(), level), pace: rate.NewLimiter(rate.Every(linesEach), linesAtOnce)}, "", 0)
}

type sparse struct {
	to   *log.Logger
	pace *rate.Limiter

	mu      sync.Mutex
	leftOut int
}

// Write takes one line, and never fails.
func (s *sparse) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.pace.Allow() {
		s.leftOut++
		return len(line), nil
	}
	text := strings.TrimSpace(string(line))
	if s.leftOut > 0 {
		text += fmt.Sprintf(" (%d lines before this one were left out)", s.leftOut)
		s.leftOut = 0
	}
	s.to.Print(text)
	return len(line), nil
}
