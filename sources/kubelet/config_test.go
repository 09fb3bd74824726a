package kubelet

import (
	"fmt"
	"maps"
	"reflect"
	"testing"
)

// TestConfigsAreShared verifies that kubelets which are configured alike share what is
// kept of that, that others do not, and that there is a bound to what is looked through.
func TestConfigsAreShared(t *testing.T) {
	t.Parallel()
	var c configs
	config := func(threshold string) Config {
		return Config{Strategy: "Watch", EvictionHard: map[string]string{"nodefs.available": threshold}}
	}
	place := func(c Config) uintptr { return reflect.ValueOf(c.EvictionHard).Pointer() }
	first, second, other := c.shared(config("10%")), c.shared(config("10%")), c.shared(config("5%"))
	if place(first) != place(second) {
		t.Error("two alike are kept twice")
	}
	if !maps.Equal(other.EvictionHard, config("5%").EvictionHard) {
		t.Errorf("another has the thresholds %v", other.EvictionHard)
	}
	for i := range 3 * mostConfigs {
		c.shared(config(fmt.Sprint(i)))
	}
	if len(c) != mostConfigs {
		t.Errorf("%d are looked through, want %d", len(c), mostConfigs)
	}
}
