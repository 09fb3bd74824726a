package faultproxy

import (
	"testing"
	"time"
)

// TestFrozen verifies that nothing flows on any connection, that what exists
// thaws, and that it is as if nothing had been.
func TestFrozen(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, p *path) {
		old := p.client()
		lines := p.watch(old, "")
		p.emit <- []byte("{\"n\":1}\n")
		wantLine(t, lines, "{\"n\":1}\n")
		p.Break(Fault{Flow: Frozen})
		p.emit <- []byte("{\"n\":2}\n")
		wantSilence(t, lines)
		p.stalls(p.client())
		p.stalls(old)
		if err := p.Heal(); err != nil {
			t.Fatal(err)
		}
		wantLine(t, lines, "{\"n\":2}\n")
		p.works(old)
		p.works(p.client())
	})
}

// TestFrozenExisting verifies that new connections are served meanwhile.
func TestFrozenExisting(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(_ *testing.T, p *path) {
		old := p.client()
		p.works(old)
		p.Break(Fault{Flow: Frozen, Connections: Existing})
		p.stalls(old)
		p.works(p.client())
	})
}

// TestLost verifies that a half-open connection stays so after the healing.
func TestLost(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, p *path) {
		old := p.client()
		lines := p.watch(old, "")
		p.Break(Fault{Flow: Lost, Connections: Existing})
		p.emit <- []byte("{\"n\":1}\n")
		wantSilence(t, lines)
		p.works(p.client())
		if err := p.Heal(); err != nil {
			t.Fatal(err)
		}
		p.emit <- []byte("{\"n\":2}\n")
		wantSilence(t, lines)
	})
}

// TestLostRequests verifies that a connection whose client alone spoke stays
// silent, too, and does not end with an error.
func TestLostRequests(t *testing.T) {
	t.Parallel()
	p := newPath(t, false, "")
	old := p.client()
	p.works(old)
	p.Break(Fault{Flow: Lost, Connections: Existing})
	p.stalls(old)
	if err := p.Heal(); err != nil {
		t.Fatal(err)
	}
	p.stalls(old)
}

// TestTrickle verifies that bytes come one by one, and the rest at once when healed.
func TestTrickle(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, p *path) {
		old := p.client()
		lines := p.watch(old, "")
		wantSilence(t, lines) // what the client has got by now is counted by then
		p.Break(Fault{Flow: Trickle})
		before := p.sent()
		p.emit <- []byte("{\"n\":1}\n")
		time.Sleep(1500 * time.Millisecond)
		if n := p.sent() - before; n < 1 || n > 3 {
			t.Errorf("%d bytes in 1.5 s", n)
		}
		wantSilence(t, lines)
		if err := p.Heal(); err != nil {
			t.Fatal(err)
		}
		wantLine(t, lines, "{\"n\":1}\n")
	})
}

func (p *path) sent() (n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		n += c.sent.Load()
	}
	return n
}

// TestGoAway verifies that each request has a connection of its own, and that
// watches go on.
func TestGoAway(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, p *path) {
		c := p.client()
		lines := p.watch(c, "")
		p.works(c)
		p.Break(Fault{GoAway: true})
		before := p.tick()
		for range 3 {
			p.works(c)
		}
		// Each connection, and each stream, moves the clock on; requests do not.
		if made := p.tick() - before - 1; made < 2 {
			t.Errorf("%d new connections for three requests", made)
		}
		p.emit <- []byte("{\"n\":1}\n")
		wantLine(t, lines, "{\"n\":1}\n")
	})
}
