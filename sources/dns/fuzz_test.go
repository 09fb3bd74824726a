package dns

import (
	"slices"
	"testing"

	"github.com/miekg/dns"
)

// FuzzAnswer verifies that each answer of a DNS server has an outcome of the list.
func FuzzAnswer(f *testing.F) {
	question := new(dns.Msg).SetQuestion("kubernetes.default.svc.cluster.local.", dns.TypeA)
	for _, rcode := range []int{dns.RcodeSuccess, dns.RcodeNameError, dns.RcodeServerFailure, 11} {
		packed, err := new(dns.Msg).SetRcode(question, rcode).Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed, dns.TypeA)
	}
	f.Fuzz(func(t *testing.T, packed []byte, kind uint16) {
		var m dns.Msg
		if m.Unpack(packed) != nil {
			return
		}
		if got := ofAnswer(&m, kind); !slices.Contains(Outcomes(), got) {
			t.Errorf("outcome %s", got)
		}
	})
}
