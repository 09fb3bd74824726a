package rounds

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// Together calls all questions of one probe at once, so that a target that hangs
// costs one timeout, and returns when all have returned. If one of them panics,
// Together does: a panic of a goroutine of their own would end the process.
func Together(questions ...func()) {
	var (
		wait  sync.WaitGroup
		once  sync.Once
		cause string
	)
	for _, ask := range questions {
		wait.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					once.Do(func() { cause = fmt.Sprintf("%v\n%s", v, debug.Stack()) })
				}
			}()
			ask()
		})
	}
	wait.Wait()
	if cause != "" {
		panic(cause)
	}
}
