package exporter

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// UnknownState is the state of objects whose state is not known. They are counted and
// not told of one by one: why they are not known is told by the source.
const UnknownState = "unknown"

// SendState sends which state of a closed set holds: the good one always, as 1 or 0,
// and another, as 1, only while it holds. The state is the last label. A set costs one
// series while all is well, and two while it is not, however many states it has; and 0
// for the good one, which is "not well", differs from none, which is "not known".
func (d *Desc) SendState(ch chan<- prometheus.Metric, good, holds string, labels ...string) {
	labels = labels[:len(labels):len(labels)]
	ch <- d.Sample(Bool(holds == good), append(labels, good)...)
	if holds != good {
		ch <- d.Sample(1, append(labels, holds)...)
	}
}

// Tally tells of a state that each of many objects has, such as nodes. What deviates is
// told one by one, and beside it how many objects are in each state: a count of 0 says
// that there are none, and no count that nothing is known. It serves one collection.
type Tally struct {
	deviates *Desc
	usual    string
	states   []string
	objects  map[string]int
}

// NewTally returns a tally of the states that there are: usual, which is that of objects
// that are well, and others. Of an object in one of the others deviates is 1; it has the
// labels of the object, and the state as its last one if there are several others.
func NewTally(deviates *Desc, usual string, others ...string) *Tally {
	return &Tally{
		deviates: deviates, usual: usual, objects: map[string]int{},
		states: append([]string{usual}, append(others, UnknownState)...),
	}
}

// Add counts an object with its labels, and sends its state if it deviates. A state that
// is none of the tally's counts as unknown.
func (t *Tally) Add(ch chan<- prometheus.Metric, state string, labels ...string) {
	state = t.Count(state)
	if state == t.usual || state == UnknownState {
		return
	}
	if len(t.deviates.Labels) > len(labels) {
		labels = append(labels[:len(labels):len(labels)], state)
	}
	ch <- t.deviates.Sample(1, labels...)
}

// Count counts an object of which nothing else is to be sent, or something else than 1,
// and returns the state that it counts as.
func (t *Tally) Count(state string) string {
	if !slices.Contains(t.states, state) {
		state = UnknownState
	}
	t.objects[state]++
	return state
}

// Send sends how many objects are in each state, also where there are none, with the
// state as the last label of count.
func (t *Tally) Send(ch chan<- prometheus.Metric, count *Desc, labels ...string) {
	for _, state := range t.states {
		ch <- count.Sample(float64(t.objects[state]), append(labels[:len(labels):len(labels)], state)...)
	}
}
