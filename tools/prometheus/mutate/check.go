package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"
)

// checked is an error where cases are not as they should be.
func (c *campaign) checked(ctx context.Context, cases []*testCase, opposite bool, out io.Writer) error {
	wrong, err := c.check(ctx, cases, opposite, out)
	if err == nil && wrong > 0 {
		err = lowError(fmt.Sprintf("%d of %d tests are not as expected", wrong, len(cases)))
	}
	return err
}

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
			p.look(c.graph)
			failure, taped, err := c.play(ctx, p)
			if err == nil && failure == "" && !opposite {
				failure, err = c.ofAfresh(ctx, p, taped)
			}
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

// ofAfresh says what is wrong with a case that holds step by step when it is played rule by
// rule, as mutants are.
func (c *campaign) ofAfresh(ctx context.Context, p *prepared, taped *tape) (string, error) {
	failure, other, ok, err := c.afresh(ctx, p, p.whole())
	switch {
	case !ok || err != nil:
		return "", err // it is played step by step then
	case failure != "":
		return "rule by rule: " + failure, nil
	case !sameTape(taped, other.new):
		return "rules come to something else rule by rule than step by step", nil
	}
	return "", nil
}
