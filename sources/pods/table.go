package pods

// table is a map that gives memory back: Go's map keeps room for as many
// entries as it ever had, which after a rollout or a deleted namespace is room
// for things that no longer exist.
type table[K comparable, V any] struct {
	entries map[K]V
	peak    int // the most entries since the map was made
}

// shrinkFrom is the size below which wasted room is not worth a copy.
const shrinkFrom = 256

func newTable[K comparable, V any]() table[K, V] {
	return table[K, V]{entries: map[K]V{}}
}

func (t *table[K, V]) put(key K, value V) {
	t.entries[key] = value
	t.peak = max(t.peak, len(t.entries))
}

// remove must not be called while ranging over entries; see compact.
func (t *table[K, V]) remove(key K) {
	delete(t.entries, key)
	t.compact()
}

// compact moves the entries to a smaller map once half of the room is unused.
// Copying then costs no more than the removals before it.
func (t *table[K, V]) compact() {
	if t.peak < shrinkFrom || len(t.entries) > t.peak/2 {
		return
	}
	smaller := make(map[K]V, len(t.entries))
	for key, value := range t.entries {
		smaller[key] = value
	}
	t.entries, t.peak = smaller, len(smaller)
}
