package chaos

import (
	"net/http"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/chaos/faultproxy"
)

// Trials are all that the campaign knows, but for random schedules.
func Trials() []Trial {
	proxied := slices.Concat(connectionTrials(), handshakeTrials(), byteTrials(), answerTrials(), bodyTrials(), watchTrials())
	return slices.Concat(proxied, serverTrials(), pairs(proxied), kubeletTrials(proxied), etcdTrials(proxied), dnsTrials(), laterTrials())
}

// connectionTrials are of connections that cannot be made. Those that exist end
// when the fault begins, or it would not be met for minutes.
func connectionTrials() []Trial {
	return []Trial{
		proxied("refuse", "nothing listens",
			faultproxy.Fault{Accept: faultproxy.Refuse, Cut: faultproxy.ResetAll}).short(),
		proxied("accept-close", "a load balancer accepts and then closes each new connection",
			faultproxy.Fault{Accept: faultproxy.AcceptAndClose, Cut: faultproxy.CloseAll}).short(),
		proxied("accept-reset", "a load balancer accepts and then resets each new connection",
			faultproxy.Fault{Accept: faultproxy.AcceptAndReset, Cut: faultproxy.ResetAll}).short(),
		proxied("accept-close", "a load balancer accepts and then closes each new connection",
			faultproxy.Fault{Accept: faultproxy.AcceptAndClose, Cut: faultproxy.CloseAll}).overHTTP1(),
	}
}

func handshakeTrials() []Trial {
	stalled := func(after int64) faultproxy.Fault {
		return faultproxy.Fault{Flow: faultproxy.Frozen, Connections: faultproxy.New, AfterBytes: after, Cut: faultproxy.ResetAll}
	}
	return []Trial{
		proxied("handshake-silent", "new connections are accepted and never answered", stalled(0)).short(),
		proxied("handshake-stalls", "the server's side of the TLS handshake stops in the midst", stalled(200)),
		certificateTrial("certificate-strange", "the serving certificate is of an unknown authority", strangeCertificate),
		certificateTrial("certificate-expired", "the serving certificate expired yesterday", expiredCertificate).short(),
		certificateTrial("certificate-of-another", "the serving certificate is that of another host", anothersCertificate),
	}
}

// byteTrials are of bytes that do not flow as they should.
func byteTrials() []Trial {
	return []Trial{
		proxied("freeze", "the API server stalls: no byte flows, on any connection",
			faultproxy.Fault{Flow: faultproxy.Frozen}).short(),
		proxied("freeze-existing", "connections that exist stall; new ones are served",
			faultproxy.Fault{Flow: faultproxy.Frozen, Connections: faultproxy.Existing}),
		proxied("freeze", "the API server stalls: no byte flows, on any connection",
			faultproxy.Fault{Flow: faultproxy.Frozen}).overHTTP1(),
		proxied("half-open", "connections that exist are half-open: what is sent is lost, no RST; new ones are served (kubernetes#92164)",
			faultproxy.Fault{Flow: faultproxy.Lost, Connections: faultproxy.Existing}).short(),
		proxied("black-hole", "what is sent is lost, on new connections, too",
			faultproxy.Fault{Flow: faultproxy.Lost}),
		proxied("half-open", "connections that exist are half-open: what is sent is lost, no RST; new ones are served (kubernetes#92164)",
			faultproxy.Fault{Flow: faultproxy.Lost, Connections: faultproxy.Existing}).overHTTP1(),
		proxied("trickle", "the API server sends one byte a second",
			faultproxy.Fault{Flow: faultproxy.Trickle}).short(),
		proxied("goaway", "each answer ends with GOAWAY: use another connection",
			faultproxy.Fault{GoAway: true}),
		goAwayStorm(),
	}
}

func answerTrials() []Trial {
	refused := func(name, what string, respond http.HandlerFunc, kinds ...faultproxy.Kind) Trial {
		return proxied(name, what, faultproxy.Fault{Respond: respond, Requests: kinds, Cut: faultproxy.ResetAll})
	}
	status := faultproxy.Status
	reads := []faultproxy.Kind{faultproxy.List, faultproxy.WatchList, faultproxy.Watch}
	return []Trial{
		proxied("stall", "requests are taken and never answered",
			faultproxy.Fault{Hold: true, Cut: faultproxy.ResetAll}).short(),
		proxied("stall-reads", "lists and watches are never answered; all else is",
			faultproxy.Fault{Hold: true, Requests: reads, Cut: faultproxy.ResetAll}),
		refused("401", "401 for everything", status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized)),
		refused("403", "403 for everything", status(http.StatusForbidden, metav1.StatusReasonForbidden)).short(),
		refused("403-watches", "403 for watches; lists are answered", status(http.StatusForbidden, metav1.StatusReasonForbidden), faultproxy.Watches()...),
		refused("429-1", "429 for lists and watches, Retry-After 1", faultproxy.RetryAfter(1), reads...),
		refused("429-30", "429 for lists and watches, Retry-After 30", faultproxy.RetryAfter(30), reads...).short(),
		refused("429-600", "429 for lists and watches, Retry-After 600", faultproxy.RetryAfter(600), reads...),
		refused("500", "500 for everything", status(http.StatusInternalServerError, metav1.StatusReasonInternalError)),
		refused("503", "503 for everything", status(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable)),
		refused("html", "a page in HTML with 200 for everything, as of a login", faultproxy.HTML).short(),
	}
}

func bodyTrials() []Trial {
	reads := []faultproxy.Kind{faultproxy.List, faultproxy.WatchList, faultproxy.Watch}
	return []Trial{
		proxied("truncated", "watches are cut in the midst of an event, and lists in half",
			faultproxy.Fault{Whole: faultproxy.Half, Event: faultproxy.HalfEvent, Requests: reads, Cut: faultproxy.ResetAll}).short(),
		proxied("truncated-lists", "watches cannot be resumed, and lists are cut in half", noResume(),
			faultproxy.Fault{Whole: faultproxy.Half, Event: faultproxy.HalfEvent, Requests: lists()}),
		proxied("empty", "watches cannot be resumed, and lists are answered as if they were empty", noResume(),
			faultproxy.Fault{Whole: faultproxy.Emptied, Event: faultproxy.WithoutInitial, Requests: lists()}).unknowable("the API server itself says so"),
	}
}

// lists are the requests with which a client begins anew.
func lists() []faultproxy.Kind { return []faultproxy.Kind{faultproxy.List, faultproxy.WatchList} }

// noResume refuses to resume watches, so that clients begin anew.
func noResume() faultproxy.Fault {
	return faultproxy.Fault{
		Respond: faultproxy.Status(http.StatusGone, metav1.StatusReasonExpired), Requests: []faultproxy.Kind{faultproxy.Watch}, Cut: faultproxy.ResetAll,
	}
}

func watchTrials() []Trial {
	return []Trial{
		proxied("watches-frozen", "a proxy freezes watches: the connection lives, no event comes",
			faultproxy.Fault{Event: faultproxy.FrozenEvents}).short(),
		proxied("watches-frozen-existing", "a proxy freezes the watches that exist: the connection lives, no event comes; new ones are served",
			faultproxy.Fault{Event: faultproxy.FrozenEvents, Streams: faultproxy.Existing}),
		proxied("watches-frozen", "a proxy freezes watches: the connection lives, no event comes",
			faultproxy.Fault{Event: faultproxy.FrozenEvents}).overHTTP1(),
		proxied("no-bookmarks", "watches get events but no bookmarks",
			faultproxy.Fault{Event: faultproxy.WithoutBookmarks, Cut: faultproxy.ResetAll}),
		proxied("no-initial-end", "watches cannot be resumed, and the bookmark that ends the list of a new one never comes", noResume(),
			faultproxy.Fault{Event: faultproxy.WithoutInitialEnd}),
		proxied("410", "410 Gone for each watch that resumes", noResume()),
		proxied("410-all", "410 Gone for every watch", noResume(),
			faultproxy.Fault{Respond: noResume().Respond, Requests: faultproxy.Watches()}),
		proxied("reset-once", "every connection is reset once",
			faultproxy.Fault{Cut: faultproxy.ResetAll}),
	}
}
