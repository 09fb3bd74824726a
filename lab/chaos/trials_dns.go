package chaos

import (
	"context"
	"sync/atomic"
)

// dnsTrials are of the DNS server that kubevitals asks. What is compared is whether it
// answers, which the trial knows because it is its own.
func dnsTrials() []Trial {
	of := func(name, what string, how behaviour) Trial {
		return Trial{
			Name: "dns-" + name, What: "between kubevitals and a DNS server: " + what, place: behindDNS,
			breaks: func(_ context.Context, s *stage) error { s.scene.(*names).behave(how); return nil },
			heals:  func(_ context.Context, s *stage) error { s.scene.(*names).behave(answering); return nil },
		}
	}
	return []Trial{
		of("silent", "questions and connections are taken and never answered", silent),
		of("half", "answers are cut in half", halfAnswering),
		of("tcp-silent", "answers say that they are too long for UDP, and nothing comes over TCP", truncating),
		of("another", "each answer is to another question", answeringAnother),
		of("servfail", "each answer is that it cannot answer", failing),
	}
}

// names is the scene of a DNS server. Nothing changes but how it answers.
type names struct {
	server *server
	how    atomic.Int32
}

func (n *names) behave(how behaviour) { n.how.Store(int32(how)) }

func (n *names) change(context.Context) error      { return nil }
func (n *names) changeAgain(context.Context) error { return nil }

func (n *names) read(context.Context) (facts, error) {
	answers := int64(0)
	if behaviour(n.how.Load()) == answering {
		answers = 1
	}
	return facts{Names: {dnsServer: answers}}, nil
}

// dnsServer is what facts call the one DNS server that a trial has.
const dnsServer = "server"

// behindDNS starts a DNS server. The API server is reached directly.
func behindDNS(ctx context.Context, s *stage) error {
	n := &names{}
	var err error
	if n.server, err = startServer(ctx, func() behaviour { return behaviour(n.how.Load()) }); err != nil {
		return err
	}
	s.atEnd(n.server.close)
	s.server, s.scene = s.campaign.cluster.RESTConfig().Host, n
	s.flags = []string{"--collector.dns.server=" + n.server.address()}
	return nil
}
