package apiserver

import (
	"strings"

	"github.com/kubevitals/kubevitals/sources/health"
)

// ownAnswer returns an error if an answer to a health probe was not given by the server at
// this time. Whatever stands before a server that is gone, and answers everything with 200
// or with what it heard last, must not pass for it.
func (i *instance) ownAnswer(probe string, a answer, last *health.Dated) error {
	if a.code == 0 {
		return nil
	}
	if err := last.Next(a.header, i.prober.now()); err != nil {
		return err
	}
	switch {
	case a.outcome != health.Available:
		return nil
	case probe == read && storeOf(a.body) == "":
		return health.Foreign("the answer is no object of Kubernetes")
	case probe != read && !passed(a.body):
		return health.Foreign("the answer is none of a health endpoint, or cut off")
	}
	return nil
}

// passed tells whether a good answer of a health endpoint is there to its end. The verbose
// form ends in "livez check passed", and the other one is "ok".
func passed(body []byte) bool {
	text := strings.TrimSpace(string(body))
	return text == "ok" || strings.HasSuffix(text, " check passed")
}
