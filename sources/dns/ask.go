package dns

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miekg/dns"

	"github.com/kubevitals/kubevitals/sources/health"
)

// udpSize is the largest answer that is asked for over UDP: what passes every
// network without being taken apart. A larger one is fetched over TCP.
const udpSize = 1232

// isName tells whether the text can be asked for.
func isName(text string) bool {
	_, ok := dns.IsDomainName(text)
	return ok
}

// ask asks one server for the addresses of a name. The error explains what the
// outcome leaves open.
func ask(ctx context.Context, address, name string) (health.Reason, error) {
	outcome, err := askType(ctx, address, name, dns.TypeA)
	if outcome == Empty {
		// A cluster or a name of IPv6 alone.
		outcome, err = askType(ctx, address, name, dns.TypeAAAA)
	}
	return outcome, err
}

func askType(ctx context.Context, address, name string, kind uint16) (health.Reason, error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind)
	question.SetEdns0(udpSize, false)
	answer, err := exchange(ctx, "udp", address, question)
	if err == nil && answer.Truncated {
		answer, err = exchange(ctx, "tcp", address, question)
	}
	if err != nil {
		return ofError(err), err
	}
	outcome := ofAnswer(answer, kind)
	switch {
	case outcome == NXDomain && !answer.Authoritative:
		err = errElsewhere
	case outcome == health.Failed:
		err = fmt.Errorf("answer with code %d", answer.Rcode)
	}
	return outcome, err
}

// errElsewhere says that a server does not hold the domain of the name itself: it was
// told by another that there is no such name.
var errElsewhere = errors.New("the server has no such domain itself")

var errNotMine = errors.New("the answer is to another question")

// exchange sends the question on a connection of its own, so that whoever
// spreads connections over servers spreads the questions, too.
func exchange(ctx context.Context, network, address string, question *dns.Msg) (*dns.Msg, error) {
	client := &dns.Client{Net: network, UDPSize: udpSize}
	// Without it the client has time-outs of its own, which end a question early.
	if deadline, ok := ctx.Deadline(); ok {
		client.Timeout = time.Until(deadline)
	}
	conn, err := client.DialContext(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	// The client heeds the deadline of ctx and not that it is cancelled.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	answer, _, err := client.ExchangeWithConnContext(ctx, question, conn)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if len(answer.Question) != 1 || !answer.Response || answer.Question[0].Qtype != question.Question[0].Qtype ||
		!equalNames(answer.Question[0].Name, question.Question[0].Name) {
		return nil, errNotMine
	}
	return answer, nil
}

// equalNames compares names without regard to case.
func equalNames(a, b string) bool { return dns.CanonicalName(a) == dns.CanonicalName(b) }

func ofAnswer(answer *dns.Msg, kind uint16) health.Reason {
	switch answer.Rcode {
	case dns.RcodeSuccess:
		for _, record := range answer.Answer {
			if record.Header().Rrtype == kind {
				return health.Available
			}
		}
		return Empty
	case dns.RcodeNameError:
		return NXDomain
	case dns.RcodeServerFailure:
		return ServFail
	case dns.RcodeRefused:
		return Refused
	}
	return health.Failed
}

// ofError returns the outcome of a question without an answer.
func ofError(err error) health.Reason { return health.Classify(err).Among(Outcomes()) }
