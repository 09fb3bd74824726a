package rounds

import (
	"strings"
	"sync"
	"testing"
)

func TestTogether(t *testing.T) {
	t.Parallel()
	var met sync.WaitGroup
	met.Add(2)
	meet := func() { met.Done(); met.Wait() }
	Together(meet, meet) // hangs if one is called after the other
	returned := false
	defer func() {
		text, _ := recover().(string)
		if !strings.Contains(text, "on purpose") || !strings.Contains(text, "together_test.go") || !returned {
			t.Errorf("the panic of a question became %q, all have returned: %t", text, returned)
		}
	}()
	Together(func() { panic("on purpose") }, func() { returned = true })
	t.Error("a panic was swallowed")
}
