package pods

import (
	"maps"
	"math/rand/v2"
	"testing"
)

func TestTableEqualsMap(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	table, want := newTable[int, int](), map[int]int{}
	// Waves of growth and decline pass every size from 0 to beyond shrinkFrom.
	for step := range 40_000 {
		key := random.IntN(3 * shrinkFrom)
		if growing := step/4000%2 == 0; growing == (random.IntN(4) > 0) {
			table.put(key, step)
			want[key] = step
		} else {
			table.remove(key)
			delete(want, key)
		}
		if table.peak > shrinkFrom && table.peak > 2*len(table.entries) {
			t.Fatalf("step %d: room for %d entries is kept for %d", step, table.peak, len(table.entries))
		}
	}
	if !maps.Equal(table.entries, want) {
		t.Errorf("table holds %d entries, the map %d, or they differ", len(table.entries), len(want))
	}
}
