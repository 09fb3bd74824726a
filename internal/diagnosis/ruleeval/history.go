package ruleeval

import (
	"slices"
	"time"
)

// Forget lets go of what is older than a time.
func (s *Samples) Forget(before time.Time) {
	s.times = slices.DeleteFunc(s.times, func(t time.Time) bool { return t.Before(before) })
	for name, byHash := range s.byName {
		for hash, bucket := range byHash {
			bucket = slices.DeleteFunc(bucket, func(one *series) bool { return !one.forget(before.UnixMilli()) })
			if byHash[hash] = bucket; len(bucket) == 0 {
				delete(byHash, hash)
			}
		}
		if len(byHash) == 0 {
			delete(s.byName, name)
		}
	}
}

// forget drops the points before a time and tells whether any is left.
func (s *series) forget(before int64) bool {
	kept := slices.IndexFunc(s.points, func(p point) bool { return p.t >= before })
	if kept < 0 {
		return false
	}
	s.points = slices.Delete(s.points, 0, kept)
	return true
}

// Continue takes over what other samples of the same target hold, which must be
// older than all that is added later. The other samples may change afterwards.
func (s *Samples) Continue(past *Samples) {
	s.times = append(s.times, past.times...)
	for _, byHash := range past.byName {
		for _, bucket := range byHash {
			for _, one := range bucket {
				for _, p := range one.points {
					s.append(one.labels, time.UnixMilli(p.t), p.v)
				}
			}
		}
	}
}
