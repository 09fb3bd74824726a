package main

import (
	"maps"
	"math"
	"math/rand/v2"
	"strings"
)

// Noise is how often a round of probes to a peer fails though nothing is wrong.
type Noise struct {
	// Lost is the probability that it comes to nothing at all, and Large that only
	// the small exchange works.
	Lost, Large float64
}

// Independent is the noise if each exchange fails by itself with probability loss,
// and a round counts as failed after so many attempts. It is harder than the loss
// of packets, which TCP repairs.
func Independent(loss float64, attempts int) Noise {
	lost := math.Pow(loss, float64(attempts))
	bad := math.Pow(1-(1-loss)*(1-loss), float64(attempts))
	return Noise{Lost: lost, Large: bad - lost}
}

// Packets is the noise if each packet is lost by itself with probability loss: an
// exchange fails if the SYN or its answer is lost twice, for the third comes after
// the timeout of 3 s. What is lost later is sent again after some 200 ms, 400 ms
// and 800 ms, and counts as lost if one packet of the twelve there or back, or its
// acknowledgement, is lost each of these times.
func Packets(loss float64, attempts int) Noise {
	pair := 1 - (1-loss)*(1-loss) // either of two packets
	lost := pair * pair
	large := 24 * math.Pow(pair, 4)
	return Noise{
		Lost:  math.Pow(lost, float64(attempts)),
		Large: math.Pow(1-(1-lost)*(1-large), float64(attempts)) - math.Pow(lost, float64(attempts)),
	}
}

// windows is for how many evaluations in a row, a minute apart, the condition of
// an alert must hold before it fires: its "for" and one more.
func windows(alert string) int {
	name, _, _ := strings.Cut(alert, " ")
	switch name {
	case "KubeVitalsZonesCutOff", "KubeVitalsNetworkFailing":
		return 3
	case "KubeVitalsPathFailing", "KubeVitalsPathMTU":
		return 6
	}
	return 4
}

// longest is the most that windows returns.
const longest = 6

// Score is what a number of rounds came to.
type Score struct {
	Rounds int
	// Right are the rounds in which exactly the cause was named, False the alerts
	// that named something else, Missed those that were not there.
	Right, False, Missed int
}

// Simulate plays rounds, each of which is the window of the slowest alert, with
// the fault at a random place and noise everywhere.
func Simulate(r *rand.Rand, t *Topology, f Fault, noise Noise, rounds int) Score {
	score := Score{Rounds: rounds}
	for range rounds {
		s := State{Results: map[int]Result{}, Down: map[int]bool{}}
		want := map[string]bool{}
		for _, a := range f.Apply(r, t, s) {
			want[a] = true
		}
		fired := fire(r, t, s, noise)
		right := maps.Equal(fired, want)
		for a := range fired {
			if !want[a] {
				score.False++
			}
		}
		for a := range want {
			if !fired[a] {
				score.Missed++
			}
		}
		if right {
			score.Right++
		}
	}
	return score
}

// fire returns the alerts that hold in as many of the last evaluations as each
// must.
func fire(r *rand.Rand, t *Topology, s State, noise Noise) map[string]bool {
	held := map[string]int{}
	for range longest {
		undo := disturb(r, t, s, noise)
		now := Judge(t, s)
		for _, i := range undo {
			delete(s.Results, i)
		}
		for a := range held {
			if !now[a] {
				delete(held, a)
			}
		}
		for a := range now {
			held[a]++
		}
	}
	fired := map[string]bool{}
	for a, n := range held {
		if n >= windows(a) {
			fired[a] = true
		}
	}
	return fired
}

// disturb lets good paths fail at random, and returns which.
func disturb(r *rand.Rand, t *Topology, s State, noise Noise) []int {
	var touched []int
	p := noise.Lost + noise.Large
	if p <= 0 {
		return nil
	}
	// The distance to the next path that fails is geometrically distributed.
	for i := skip(r, p); i < len(t.edges); i += 1 + skip(r, p) {
		if s.Results[i] != OK {
			continue
		}
		touched = append(touched, i)
		s.Results[i] = Timeout
		if r.Float64()*p >= noise.Lost {
			s.Results[i] = LargeFailed
		}
	}
	return touched
}

func skip(r *rand.Rand, p float64) int {
	n := math.Log(1-r.Float64()) / math.Log1p(-p)
	return int(min(n, 1<<40))
}
