package hpacause

import (
	"slices"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Culprit is what the message of a condition blames by name. Names that cannot be are
// left out.
type Culprit struct {
	// Resource is what is not requested; empty where a container is missing.
	Resource string
	// Container requests none of it, or is missing; empty where the whole pod requests
	// too little.
	Container string
	// Pod is the one that the controller looked at when it gave up, by its name alone: it
	// stops at the first, and which is the first changes.
	Pod string
}

// CulpritOf is whom the condition blames for the causes NoRequests and NoContainer; false
// for all others, and where the message names no pod, as before Kubernetes 1.20.
func CulpritOf(c autoscalingv2.HorizontalPodAutoscalerCondition) (Culprit, bool) {
	p, ok := told(c)
	if !ok || p.cause != NoRequests && p.cause != NoContainer {
		return Culprit{}, false
	}
	said, rest, _ := strings.Cut(strings.ToLower(c.Message), p.text) // names are in lower case anyway
	before, after := strings.Fields(said), strings.Fields(rest)
	var who Culprit
	if p.cause == NoContainer { // container C not found in pod P
		if n := len(before); n > 0 {
			who.Container = nameIn(before[n-1])
		}
		if len(after) > 0 {
			who.Pod = nameIn(after[0])
		}
	} else { // missing request for R in container C of Pod P
		if len(after) > 0 {
			who.Resource = nameIn(after[0])
		}
		who.Container, who.Pod = following(after, "container"), following(after, "pod")
	}
	return who, who.Pod != ""
}

// following is the name behind a word.
func following(fields []string, word string) string {
	i := slices.Index(fields, word)
	if i < 0 || i+1 >= len(fields) {
		return ""
	}
	return nameIn(fields[i+1])
}

// nameIn is the name in a word, which may have a namespace before it and a full stop
// behind it.
func nameIn(word string) string {
	word = strings.TrimRight(word, ".,;:)")
	name := word[strings.LastIndexByte(word, '/')+1:]
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		return ""
	}
	return name
}

// OfTarget says whether the target of an autoscaler made a pod. The set is closed.
type OfTarget string

// The answers.
const (
	Own     OfTarget = "yes"
	Stray   OfTarget = "no"      // the selector of the target catches it all the same
	Unclear OfTarget = "unknown" // the name does not tell
)

// The parts of names that Kubernetes generates: their alphabet has no vowels and no
// digits that look like one, so that they form no words.
const (
	generatedAlphabet = "bcdfghjklmnpqrstvwxz2456789"
	podSuffix         = 5
	longestHash       = 10
	// longestBase is up to where the name of an owner is part of the names of its pods.
	longestBase = 63 - podSuffix - 1
)

// OfTargetOf tells by the names whether a target made a pod: what makes pods names them
// after itself, and a pod of another owner seldom looks like one of these.
func OfTargetOf(target autoscalingv2.CrossVersionObjectReference, pod string) OfTarget {
	if target.Name == "" || len(target.Name)+1+longestHash > longestBase {
		return Unclear
	}
	rest, named := strings.CutPrefix(pod, target.Name+"-")
	parts := strings.Split(rest, "-")
	switch target.Kind {
	case "Deployment":
		return ofDeployment(parts, named)
	case "ReplicaSet", "ReplicationController":
		return ofOwner(named && len(parts) == 1 && generated(parts[0], podSuffix, podSuffix))
	case "StatefulSet":
		return ofOwner(named && len(parts) == 1 && strings.Trim(parts[0], "0123456789") == "")
	}
	return Unclear // whoever makes the pods of other kinds names them as it likes
}

// ofDeployment reads what follows the name of a Deployment in that of a pod: the hash of
// its template and a suffix. Hashes were plain numbers once.
func ofDeployment(parts []string, named bool) OfTarget {
	switch {
	case !named, len(parts) > 2:
		return Stray
	case len(parts) == 2 && generated(parts[0], 1, longestHash) && generated(parts[1], podSuffix, podSuffix):
		return Own
	case strings.ContainsAny(parts[0], "aeiou"):
		return Stray
	}
	return Unclear
}

func ofOwner(own bool) OfTarget {
	if own {
		return Own
	}
	return Stray
}

// generated tells whether a part of a name is of the alphabet, and of such a length.
func generated(part string, least, most int) bool {
	return len(part) >= least && len(part) <= most && strings.Trim(part, generatedAlphabet) == ""
}
