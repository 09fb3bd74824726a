package dns

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/kubevitals/kubevitals/sources/health"
)

func TestOutcomes(t *testing.T) {
	t.Parallel()
	var big []string
	for i := range 200 {
		big = append(big, fmt.Sprintf("name.example. 5 IN A 10.0.0.%d", i+1))
	}
	truncated := func(w dns.ResponseWriter, q *dns.Msg) {
		if _, ok := w.RemoteAddr().(*net.UDPAddr); ok {
			m := new(dns.Msg).SetReply(q)
			m.Truncated = true
			_ = w.WriteMsg(m)
			return
		}
		answer(dns.RcodeSuccess, big...)(w, q)
	}
	other := func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		m.Question[0].Name = "other.example."
		_ = w.WriteMsg(m)
	}
	tests := []struct {
		name    string
		address string
		timeout time.Duration
		want    health.Reason
	}{
		{"an address", serve(t, answer(dns.RcodeSuccess, "name.example. 5 IN A 10.0.0.1")), time.Minute, health.Available},
		{"an address of IPv6 alone", serve(t, answer(dns.RcodeSuccess, "name.example. 5 IN AAAA fd00::1")), time.Minute, health.Available},
		{"an answer that needs TCP", serve(t, truncated), time.Minute, health.Available},
		{"no address", serve(t, answer(dns.RcodeSuccess, "name.example. 5 IN TXT x")), time.Minute, Empty},
		{"no such name", serve(t, answer(dns.RcodeNameError)), time.Minute, NXDomain},
		{"failure", serve(t, answer(dns.RcodeServerFailure)), time.Minute, ServFail},
		{"refusal", serve(t, answer(dns.RcodeRefused)), time.Minute, Refused},
		{"another code", serve(t, answer(dns.RcodeNotImplemented)), time.Minute, health.Failed},
		{"an answer to another question", serve(t, other), time.Minute, health.Failed},
		{"no answer", serve(t, silent), 100 * time.Millisecond, health.Timeout},
		{"no server there", closedPort(t), time.Minute, health.Unreachable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
			defer cancel()
			if got, err := ask(ctx, tt.address, "name.example"); got != tt.want {
				t.Errorf("outcome %s (%v), want %s", got, err, tt.want)
			}
		})
	}
}
