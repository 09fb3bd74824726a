package chaos

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// behaviour is how a DNS server answers.
type behaviour int32

const (
	answering behaviour = iota
	silent
	halfAnswering
	truncating // over UDP, and silent over TCP
	answeringAnother
	failing
)

// server answers questions for addresses over UDP and TCP, as a DNS server does that
// knows every name. It knows as much of the protocol as that takes.
type server struct {
	udp net.PacketConn
	tcp net.Listener
	how func() behaviour
	all sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// startServer listens on loopback, on the same port over UDP and TCP.
func startServer(ctx context.Context, how func() behaviour) (*server, error) {
	const tries = 10 // the port may be taken over the other protocol
	var errs error
	for range tries {
		tcp, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("DNS server: %w", err)
		}
		udp, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", tcp.Addr().String())
		if err != nil {
			_ = tcp.Close()
			errs = errors.Join(errs, err)
			continue
		}
		s := &server{udp: udp, tcp: tcp, how: how, conns: map[net.Conn]struct{}{}}
		s.all.Go(s.serveUDP)
		s.all.Go(s.serveTCP)
		return s, nil
	}
	return nil, fmt.Errorf("DNS server: %w", errs)
}

func (s *server) address() string { return s.udp.LocalAddr().String() }

func (s *server) close() {
	_, _ = s.udp.Close(), s.tcp.Close()
	s.mu.Lock()
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.all.Wait()
}

func (s *server) serveUDP() {
	question := make([]byte, 4096)
	for {
		n, from, err := s.udp.ReadFrom(question)
		if err != nil {
			return
		}
		if a := answer(question[:n], s.how()); a != nil {
			_, _ = s.udp.WriteTo(a, from)
		}
	}
}

func (s *server) serveTCP() {
	for {
		conn, err := s.tcp.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = struct{}{}
		s.mu.Unlock()
		s.all.Go(func() {
			s.answerAll(conn)
			_ = conn.Close()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

// answerAll answers what comes over a connection, each message after its length.
func (s *server) answerAll(conn net.Conn) {
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		how := s.how()
		if how == truncating {
			continue
		}
		if a := answer(question, how); a != nil {
			_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...)) //nolint:gosec // a few bytes
		}
	}
}

// The parts of a message (RFC 1035, section 4.1).
const (
	headerSize    = 12
	flagsAt       = 2
	answersAt     = 6
	isResponse    = 0x8000
	isTruncated   = 0x0200
	serverFailure = 2
)

// answer answers a question for addresses with 192.0.2.1; nil is no answer.
func answer(question []byte, how behaviour) []byte {
	if len(question) < headerSize || how == silent {
		return nil
	}
	name := bytes.IndexByte(question[headerSize:], 0)
	end := headerSize + name + 1 + 4 // type and class
	if name < 0 || end > len(question) {
		return nil
	}
	a := bytes.Clone(question[:end])
	flags := uint16(isResponse)
	clear(a[answersAt:headerSize])
	switch how {
	case failing:
		flags |= serverFailure
	case truncating:
		flags |= isTruncated
	case answeringAnother:
		a[headerSize+1] ^= 1 // another letter
		fallthrough
	default:
		binary.BigEndian.PutUint16(a[answersAt:], 1)
		a = append(a, 0xc0, headerSize)       // the name that was asked for
		a = append(a, question[end-4:end]...) // its type and class
		a = append(a, 0, 0, 0, 5, 0, 4, 192, 0, 2, 1)
	}
	binary.BigEndian.PutUint16(a[flagsAt:], flags)
	if how == halfAnswering {
		a = a[:len(a)/2]
	}
	return a
}
