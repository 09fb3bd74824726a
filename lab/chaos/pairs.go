package chaos

import (
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/lab/chaos/faultproxy"
)

// pairs are of faults of which one hides the other, or bars the way out of it.
func pairs(single []Trial) []Trial {
	var all []Trial
	for _, names := range [][2]string{
		{"half-open", "accept-close"},
		{"half-open", "429-30"},
		{"freeze-existing", "certificate-expired"},
		{"freeze-existing", "503"},
		{"watches-frozen-existing", "handshake-silent"},
		{"watches-frozen", "goaway"},
		{"no-bookmarks", "trickle"},
		{"410", "429-600"},
	} {
		if a, b := named(single, names[0]), named(single, names[1]); a != nil && b != nil {
			all = append(all, pair(*a, *b))
		}
	}
	return all
}

func named(trials []Trial, name string) *Trial {
	i := slices.IndexFunc(trials, func(t Trial) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return &trials[i]
}

// pair is both faults at once. What befalls existing connections and streams must
// find them, so that the other fault may not end them.
func pair(a, b Trial) Trial {
	t := Trial{Name: a.Name + "-and-" + b.Name, What: a.What + "; and " + b.What}
	existing := slices.ContainsFunc(a.faults, func(f faultproxy.Fault) bool {
		return f.Connections == faultproxy.Existing || f.Streams == faultproxy.Existing
	})
	t.faults = slices.Concat(a.faults, b.faults)
	if t.certificate = a.certificate; t.certificate == nil {
		t.certificate = b.certificate
	}
	for i := range t.faults {
		if existing {
			t.faults[i].Cut = faultproxy.Keep
		}
	}
	return t
}

// kubeletTrials put faults that are not of watches between kubevitals and a kubelet.
func kubeletTrials(single []Trial) []Trial {
	var all []Trial
	for _, name := range strings.Fields("refuse accept-close handshake-silent freeze half-open black-hole trickle stall 401 403 500 503 html") {
		found := named(single, name)
		if found == nil {
			continue
		}
		t := *found
		t.Name, t.What = "kubelet-"+t.Name, "between kubevitals and a kubelet: "+strings.ReplaceAll(t.What, "the API server", "the kubelet")
		all = append(all, ofKubelet(Trial{Name: t.Name, What: t.What, faults: t.faults}))
	}
	half := proxied("kubelet-truncated", "between kubevitals and a kubelet: answers are cut in half", faultproxy.Fault{Whole: faultproxy.Half})
	return append(all, ofKubelet(half))
}

// ofKubelet puts the proxy before a kubelet.
func ofKubelet(t Trial) Trial {
	t.Kubelet, t.place, t.News = true, behindKubelet, statsInterval*3/2
	return t
}
