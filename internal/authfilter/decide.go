package authfilter

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Who may read all of a folder is asked once for all of it. A page needs several paths, and
// those of a runbook that is needed in an outage were not asked for before.
func folderOf(path string) string {
	for _, folder := range []string{"/runbooks/", "/static/", "/api/v1/incidents/"} {
		if strings.HasPrefix(path, folder) {
			return folder + "*"
		}
	}
	return ""
}

// decide tells whether the bearer of the token may do the verb on the path, or why nobody
// knows.
func (f *Filter) decide(ctx context.Context, token, verb, path string) (verdict, error) {
	if folder := folderOf(path); folder != "" {
		if v, err := f.decideOne(ctx, token, verb, folder); err != nil || v.status != http.StatusForbidden {
			return v, err // who may not get the folder may still get this of it
		}
	}
	v, err := f.decideOne(ctx, token, verb, path)
	if path == "/" && verb == "get" && err == nil && v.status == http.StatusOK {
		for _, folder := range []string{"/runbooks/*", "/static/*"} {
			f.ahead(ctx, token, verb, folder)
		}
	}
	return v, err
}

// ahead asks for what is likely to be needed next, unless it is known.
func (f *Filter) ahead(ctx context.Context, token, verb, path string) {
	key := keyOf(token, verb, path)
	if v, ok := f.found(key); !ok || !f.holds(v) {
		f.ask(ctx, f.known, key, token, verb, path)
	}
}

// decideOne decides by one path alone. Who was let in before need not wait for an API server
// that is ill.
func (f *Filter) decideOne(ctx context.Context, token, verb, path string) (verdict, error) {
	key := keyOf(token, verb, path)
	before, known := f.found(key)
	if known && f.holds(before) {
		return before, nil
	}
	_, gone := f.gone.get(keyOf(token, "", ""))
	remembered := known && !gone && before.status == http.StatusOK && f.options.Now().Sub(before.asked) < f.options.Grace
	if remembered && f.isDown() {
		return before, nil
	}
	lane, wait := f.strangers, reviewTimeout
	if remembered {
		lane, wait = f.known, graceWait
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var err error
	select {
	case r := <-f.ask(ctx, lane, key, token, verb, path):
		if r.Err == nil {
			return r.Val.(verdict), nil
		}
		err = r.Err
	case <-timer.C:
		err = fmt.Errorf("no answer within %s", wait)
		if remembered { // what keeps strangers waiting may be other strangers
			f.down(err)
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	if remembered {
		return before, nil
	}
	return verdict{}, err
}

// found is what was found last. A refusal is newer than what was allowed before it.
func (f *Filter) found(key key) (verdict, bool) {
	if v, ok := f.refused.get(key); ok && f.holds(v) {
		return v, true
	}
	return f.allowed.get(key)
}

// holds tells whether the verdict need not be asked for again.
func (f *Filter) holds(v verdict) bool {
	lasts := refusalLasts
	if v.status == http.StatusOK {
		lasts = f.options.Fresh
	}
	return f.options.Now().Sub(v.asked) < lasts
}

// key stands for a token and what is asked for with it, of which it tells nothing.
type key [sha256.Size]byte

func keyOf(token, verb, path string) key {
	return sha256.Sum256([]byte(verb + "\x00" + path + "\x00" + token))
}
