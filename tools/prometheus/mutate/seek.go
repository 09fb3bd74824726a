package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"golang.org/x/sync/errgroup"
)

// seeker looks for cases that tell rules from mutants which no test notices: it changes the
// series of tests by chance until something fires of the rule that does not of the mutant, or
// the other way round, takes away what that does not need, and keeps the rest. What a case
// expects is what the rules come to, which is for a person to read.
type seeker struct {
	*campaign
	parser parser.Parser
	words  *vocabulary
	// seeds are by family of groups.
	seeds map[string][]*seed
	// said is told from time to time of how far it is.
	said func(tried, found, alive int)

	lock  sync.Mutex
	alive []*attempt
	dead  map[*mutant]string // by what; the mutants themselves know it when all is done
	looks map[*attempt]int   // how often each was looked for
	often int                // how often each is at most
	tried int
	found []*found
}

// found is a case, and the mutants that it kills.
type found struct {
	*testCase
	signal string
	kills  []*mutant
}

func newSeeker(c *campaign, p parser.Parser) *seeker {
	return &seeker{
		campaign: c, parser: p, words: vocabularyOf(c.graph.rules), seeds: map[string][]*seed{}, looks: map[*attempt]int{}, dead: map[*mutant]string{},
		said: func(int, int, int) {},
	}
}

// look seeks cases for what tests of the same signal leave alive, and adds them to the files
// of a folder.
func (o *options) look(ctx context.Context, s *seeker, cases []*testCase, mutants []*mutant, list *listed, progress io.Writer) error {
	if o.doubt {
		mutants = doubted(mutants)
	} else {
		s.near = true
		if err := s.run(ctx, cases, mutants); err != nil {
			return errors.Join(err, s.results.close())
		}
		list.excuse(mutants)
	}
	s.seekFor(slices.DeleteFunc(slices.Clone(mutants), func(m *mutant) bool { return m.why != "" }), o.looks)
	s.sow(cases)
	began, before := time.Now(), len(s.alive)
	s.said = func(tried, found, alive int) {
		_, _ = fmt.Fprintf(progress, "%s: %d cases tried, %d kept, %d of %d mutants live, of %d\n", time.Since(began).Round(time.Second), tried, found, alive, before, len(mutants))
	}
	limited, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	err := s.seek(limited, o.seed)
	s.said(s.tried, len(s.found), len(s.alive))
	switch {
	case err != nil:
	case !o.doubt:
		s.notFound(o.command, progress)
	case len(s.found) > 0:
		err = lowError(fmt.Sprintf("of %d mutants proven to say the same as the rule %d do not", before, before-len(s.alive)))
	}
	return errors.Join(err, s.add(o.seek), s.results.close())
}

// notFound prints the mutants that are alive still.
func (s *seeker) notFound(command string, out io.Writer) {
	for _, m := range s.alive {
		_, _ = fmt.Fprintf(out, "not found: %s, %s: %s\n    %s%s\n", m.original.title(), m.operator, m.change(), command, m.id)
	}
}

// doubted are the mutants that are proven to be equivalent, as if they were not.
func doubted(mutants []*mutant) []*mutant {
	var all []*mutant
	for _, m := range mutants {
		if m.proof != "" {
			m.state, m.why = alive, ""
			all = append(all, m)
		}
	}
	return all
}

// seekFor says for which mutants cases are sought, and how often for each.
func (s *seeker) seekFor(mutants []*mutant, often int) {
	s.alive, s.often = attemptsOf(s.graph, mutants), often
	for _, m := range s.alive {
		s.parsed.add(m.rule) // before there are workers
	}
}

// seek looks until the time is over, or nothing is alive, with so many workers.
func (s *seeker) seek(ctx context.Context, random uint64) error {
	group, ctx := errgroup.WithContext(ctx)
	for n := range s.workers {
		group.Go(func() error {
			r := rand.New(rand.NewPCG(random, uint64(n)))
			for m := s.next(r); m != nil && ctx.Err() == nil; m = s.next(r) {
				of, err := s.lookFor(ctx, m, r)
				if err != nil && ctx.Err() == nil {
					return err
				}
				s.keep(of)
			}
			return nil
		})
	}
	err := group.Wait()
	for m, why := range s.dead {
		m.state, m.why = killed, why
	}
	return err
}

// next is a mutant to look for: one of those that were looked for least.
func (s *seeker) next(r *rand.Rand) *attempt {
	s.lock.Lock()
	defer s.lock.Unlock()
	var least *attempt
	for _, at := range r.Perm(len(s.alive)) {
		if a := s.alive[at]; least == nil || s.looks[a] < s.looks[least] {
			least = a
		}
	}
	if least == nil || s.looks[least] >= s.often {
		return nil
	}
	s.looks[least]++
	return least
}

// lookFor makes one case for a mutant. It returns nothing if that kills none.
func (s *seeker) lookFor(ctx context.Context, m *attempt, r *rand.Rand) (*found, error) {
	near := s.seedsOf(m)
	if len(near) == 0 {
		return nil, nil
	}
	from := near[r.IntN(len(near))]
	for range r.IntN(4) { // small ones more often, of which more can be tried
		if other := near[r.IntN(len(near))]; other.size() < from.size() {
			from = other
		}
	}
	v := &variation{r, s.words, m.mutant, near, m.proof != ""}
	c, err := s.made(from, v.of(from), m, r)
	if err != nil {
		return nil, err
	}
	of, err := s.judge(ctx, c, s.beside(m, r)...)
	if err != nil || of == nil {
		return nil, err
	}
	return s.smaller(ctx, of, m)
}

// mostBeside is how many mutants are tried on a case beside the one that it is made for: most
// cases kill none, and those that do are tried on all later.
const mostBeside = 20

// beside are a mutant and some others of the same rule.
func (s *seeker) beside(m *attempt, r *rand.Rand) []*attempt {
	some := slices.DeleteFunc(s.living(), func(a *attempt) bool { return a.at != m.at || a == m })
	r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return append(some[:min(len(some), mostBeside)], m)
}

// keep counts a case, and keeps it if it kills what no other did meanwhile.
func (s *seeker) keep(of *found) {
	s.lock.Lock()
	defer s.lock.Unlock()
	isDead := func(m *mutant) bool { return s.dead[m] != "" }
	if of != nil {
		of.kills = slices.DeleteFunc(of.kills, isDead)
		for _, m := range of.kills {
			s.dead[m] = of.Name
		}
		if len(of.kills) > 0 {
			s.found = append(s.found, of)
			s.alive = slices.DeleteFunc(s.alive, func(m *attempt) bool { return isDead(m.mutant) })
		}
	}
	if s.tried++; s.tried%100 == 0 {
		s.said(s.tried, len(s.found), len(s.alive))
	}
}

// living are the mutants that no case kills yet.
func (s *seeker) living() []*attempt {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Clone(s.alive)
}
