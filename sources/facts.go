package sources

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// Fact is something that the cluster itself says of an object.
type Fact struct {
	// Object is its kind and name, such as "Node worker-1".
	Object string
	// Name is the type of a condition, the reason of an event, or what was read.
	Name string
	// Value is the status of a condition, or how often an event occurred.
	Value string
	// Message says why, in the words of who set it; it may be empty.
	Message string
	// At is since when a condition is so, or when the event was last seen or the
	// kubelet last read.
	At time.Time
}

// Facts are the present conditions and recent events of the objects that labels
// of an alert name, and when their kubelet was last read.
type Facts struct {
	Conditions, Events, Readings []Fact
}

// Facts returns what is known of the objects that the labels name. It only looks
// at sources that are read anyway, and leaves out those that are unavailable.
func (s *Sources) Facts(labels map[string]string) Facts {
	var f Facts
	if node := labels["node"]; node != "" {
		f.Conditions = s.nodeFacts(node)
		f.Readings = s.readings(node)
		f.Events = s.eventFacts(func(node string, _ string) bool { return node == labels["node"] })
	}
	if name := labels["horizontalpodautoscaler"]; name != "" {
		f.Conditions = append(f.Conditions, s.autoscalerFacts(labels["namespace"], name)...)
		f.Events = append(f.Events, s.eventFacts(func(_ string, kind string) bool { return kind == "HorizontalPodAutoscaler" })...)
	}
	if service := labels["backend"]; service != "" {
		f.Conditions = append(f.Conditions, s.apiServiceFacts(service)...)
	}
	if name := labels["namespace"]; name != "" {
		// Of one that does not end; no other has a condition.
		f.Conditions = append(f.Conditions, s.saidOfNamespaces(map[string]bool{name: true})...)
	}
	return f
}

func (s *Sources) nodeFacts(name string) []Fact {
	view, ok := s.stores[Nodes].(*health.View[*corev1.Node])
	if !ok {
		return nil
	}
	nodes, err := view.List()
	if err != nil {
		return nil // the page says which sources are unavailable
	}
	i := slices.IndexFunc(nodes, func(n *corev1.Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	var facts []Fact
	for _, c := range nodes[i].Status.Conditions {
		facts = append(facts, condition("Node "+name, string(c.Type), string(c.Status), c.Reason, c.Message, c.LastTransitionTime.Time))
	}
	return facts
}

func (s *Sources) autoscalerFacts(namespace, name string) []Fact {
	view, ok := s.stores[HPAs].(*health.View[*autoscalingv2.HorizontalPodAutoscaler])
	if !ok {
		return nil
	}
	hpas, err := view.List()
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(hpas, func(h *autoscalingv2.HorizontalPodAutoscaler) bool { return h.Namespace == namespace && h.Name == name })
	if i < 0 {
		return nil
	}
	var facts []Fact
	for _, c := range hpas[i].Status.Conditions {
		facts = append(facts, condition("HorizontalPodAutoscaler "+namespace+"/"+name, string(c.Type), string(c.Status), c.Reason, c.Message, c.LastTransitionTime.Time))
	}
	return facts
}

// apiServiceFacts are the conditions of the APIs that a Service, as NAMESPACE/NAME, serves.
func (s *Sources) apiServiceFacts(service string) []Fact {
	var facts []Fact
	for _, a := range known[APIService](s, APIServices) {
		if a.Service != service || a.Available == nil {
			continue
		}
		status := "False"
		if *a.Available {
			status = "True"
		}
		facts = append(facts, condition("APIService "+a.Name, "Available", status, a.Reason, a.Message, a.Since))
	}
	return facts
}

func condition(object, kind, status, reason, message string, since time.Time) Fact {
	return Fact{Object: object, Name: kind, Value: status, Message: because(reason, message), At: since}
}

func because(reason, message string) string {
	if reason == "" || message == "" {
		return cmp.Or(reason, message)
	}
	return reason + ": " + message
}

// eventFacts returns the warnings that happened at a node, or to objects of a kind,
// the latest first.
func (s *Sources) eventFacts(wanted func(node, kind string) bool) []Fact {
	log, ok := s.stores[Events].(*events.Log)
	if !ok {
		return nil
	}
	places, err := log.Places()
	if err != nil {
		return nil
	}
	var facts []Fact
	for place, o := range places {
		if wanted(place.Node, place.Object) {
			facts = append(facts, Fact{Object: place.Object, Name: place.Reason, Value: strconv.FormatUint(o.Count, 10), At: o.Last})
		}
	}
	slices.SortFunc(facts, func(a, b Fact) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Object+a.Name, b.Object+b.Name))
	})
	return facts
}

// readings says when the kubelet of a node was last read, and why not.
func (s *Sources) readings(node string) []Fact {
	if !s.kubeletsWanted {
		return nil
	}
	results := s.kubelets.Results()
	i := slices.IndexFunc(results, func(r *kubelet.Result) bool { return r.Node == node })
	if i < 0 {
		return nil
	}
	r := results[i]
	read := map[string]time.Time{"stats_summary": r.Stats.At, "configz": r.Config.At, "metrics": r.Metrics.At}
	var facts []Fact
	for endpoint, reason := range r.Reasons() {
		f := Fact{Object: "kubelet " + node, Name: endpoint, At: read[endpoint]}
		if reason != health.Available {
			f.Value = string(reason)
		}
		facts = append(facts, f)
	}
	return facts
}
