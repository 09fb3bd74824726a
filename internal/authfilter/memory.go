package authfilter

import "sync"

// memory holds a bounded number of things, and forgets the oldest first. It is safe for
// concurrent use.
type memory[V any] struct {
	most int

	mu    sync.Mutex
	held  map[key]entry[V]
	count uint64
}

type entry[V any] struct {
	value V
	added uint64
}

func newMemory[V any](most int) *memory[V] {
	return &memory[V]{most: most, held: map[key]entry[V]{}}
}

func (m *memory[V]) get(k key) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.held[k]
	return e.value, ok
}

func (m *memory[V]) drop(k key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.held, k)
}

func (m *memory[V]) put(k key, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.held[k]; !ok && len(m.held) >= m.most {
		m.forgetOldest()
	}
	m.count++
	m.held[k] = entry[V]{value, m.count}
}

// forgetOldest looks at all of them, which is less than a review takes.
func (m *memory[V]) forgetOldest() {
	var oldest key
	least := m.count + 1
	for k, e := range m.held {
		if e.added < least {
			oldest, least = k, e.added
		}
	}
	delete(m.held, oldest)
}
