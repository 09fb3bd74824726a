package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"
)

// check plays the cases without any change, and prints which of them fail. With opposite it
// prints those which do not. It returns how many there are.
func (c *campaign) check(ctx context.Context, cases []*testCase, opposite bool, out io.Writer) (int, error) {
	for _, t := range cases {
		c.engine(t) // before there are workers
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.workers)
	var lock sync.Mutex
	wrong := 0
	for _, t := range cases {
		group.Go(func() error {
			p := prepare(c.graph, t)
			failure, _, err := c.play(ctx, p)
			if err != nil || (failure != "") == opposite {
				return err
			}
			lock.Lock()
			defer lock.Unlock()
			wrong++
			if opposite {
				failure = "holds, and is listed not to"
			}
			_, err = fmt.Fprintf(out, "%s: %s\n", p.title(), failure)
			return err
		})
	}
	return wrong, group.Wait()
}
