package authfilter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

// lane bounds the reviews that whoever reaches the port can cause. Those who were let in
// have one of their own: a flood of tokens that nobody knows holds up none of theirs, nor
// lets it seem that the API server is down.
type lane struct {
	slots chan struct{}
	pace  *rate.Limiter
}

// A decision is two reviews at the most, which cost an API server little.
const (
	decisionsAtOnce    = 32
	decisionsPerSecond = 20
)

func newLane() lane {
	return lane{slots: make(chan struct{}, decisionsAtOnce), pace: rate.NewLimiter(decisionsPerSecond, 2*decisionsPerSecond)}
}

// errBusy says that too many tokens were presented at once.
var errBusy = errors.New("too many tokens at once")

// enter waits for its turn; the caller leaves.
func (l lane) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.slots <- struct{}{}:
	default:
		return nil, errBusy
	}
	if err := l.pace.Wait(ctx); err != nil {
		<-l.slots
		return nil, fmt.Errorf("%w: %w", errBusy, err)
	}
	return func() { <-l.slots }, nil
}

// ask lets the API server decide, once for all who ask the same meanwhile. It goes on when
// who asked first has gone.
func (f *Filter) ask(ctx context.Context, l lane, key key, token, verb, path string) <-chan singleflight.Result {
	return f.flights.DoChan(string(key[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reviewTimeout)
		defer cancel()
		leave, err := l.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		v, err := f.review(ctx, token, verb, path)
		if err != nil {
			if l == f.known { // what strangers present may be what takes long, or fails
				f.down(err)
			}
			return nil, err
		}
		f.up()
		if v.status == http.StatusOK {
			f.allowed.put(key, v)
		} else {
			f.allowed.drop(key)
			f.refused.put(key, v)
		}
		return v, nil
	})
}

// review makes the reviews that it takes.
func (f *Filter) review(ctx context.Context, token, verb, path string) (verdict, error) {
	who, err := f.identify(ctx, token)
	if err != nil {
		return verdict{}, err
	}
	if !who.known {
		return verdict{status: http.StatusUnauthorized, asked: who.asked}, nil
	}
	may, err := f.reviewer.may(ctx, who.user, verb, path)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{status: http.StatusOK, user: who.user.Username, asked: who.asked}
	if !may {
		v.status, v.asked = http.StatusForbidden, f.options.Now()
	}
	return v, nil
}

// identity is whom a token belongs to, if it is known.
type identity struct {
	known bool
	user  user
	asked time.Time
}

// identify asks whose token it is, once for all the paths of a page.
func (f *Filter) identify(ctx context.Context, token string) (identity, error) {
	key := keyOf(token, "", "")
	if who, ok := f.people.get(key); ok && f.options.Now().Sub(who.asked) < f.options.Fresh {
		return who, nil
	}
	got, err, _ := f.flights.Do(string(key[:]), func() (any, error) {
		asked := f.options.Now()
		u, known, err := f.reviewer.whose(ctx, token)
		if err != nil {
			return nil, err
		}
		who := identity{known: known, user: u, asked: asked}
		_, before := f.people.get(key)
		switch {
		case known:
			f.people.put(key, who)
			f.gone.drop(key)
		case before:
			f.people.drop(key)
			f.gone.put(key, struct{}{})
		}
		return who, nil
	})
	if err != nil {
		return identity{}, err
	}
	return got.(identity), nil
}

// down remembers that the API server could not be asked, and tells so once.
func (f *Filter) down(err error) {
	if errors.Is(err, errBusy) {
		return
	}
	f.mu.Lock()
	told := f.told
	f.failed, f.told = f.options.Now(), true
	f.mu.Unlock()
	if !told {
		f.options.Logger.Warn("the API server cannot be asked who may read; who was let in before still is", "for", f.options.Grace.String(), "err", err)
	}
}

// up remembers that it answers.
func (f *Filter) up() {
	f.mu.Lock()
	told := f.told
	f.failed, f.told = time.Time{}, false
	f.mu.Unlock()
	if told {
		f.options.Logger.Info("the API server can be asked again who may read")
	}
}

// isDown tells whether it could not be asked a moment ago.
func (f *Filter) isDown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.failed.IsZero() && f.options.Now().Sub(f.failed) < retryAfter
}
