package logs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Reader reads the logs of pods or nodes that are not well.
type Reader struct {
	options    Options
	source     Source
	now        func() time.Time
	signatures []Signature

	rounds *rounds.Rounds[struct{}, struct{}]

	// read is the time of the last line that was read, by target and log; only a
	// round uses it.
	read map[string]time.Time
	turn int

	mu    sync.Mutex
	state State
	at    time.Time
}

// NewReader returns a reader of the source.
func NewReader(o Options, source Source, logger *slog.Logger, now func() time.Time) *Reader {
	o.fill()
	r := &Reader{
		options: o, source: source, now: now,
		signatures: Signatures(), read: map[string]time.Time{},
		state: State{Seen: map[Key]time.Time{}, Lines: map[Key]int{}},
	}
	r.rounds = rounds.New(rounds.Options[struct{}, struct{}]{
		Targets: r.known, Interval: o.Interval, LookAgain: time.Second,
		// One log is read after the other, so a round is one probe: as many as
		// there are logs would be that much more load on the API server at once.
		Probe:    func(ctx context.Context, _, _ struct{}) (struct{}, error) { return struct{}{}, r.round(ctx) },
		Answered: func(_ struct{}, a rounds.Answer[struct{}]) { source.Report(a.Err) },
		Logger:   logger, Now: now,
	})
	return r
}

// Run reads until ctx ends.
func (r *Reader) Run(ctx context.Context) { r.rounds.Run(ctx) }

// known puts a round off while it is not known yet whose logs are to be read.
func (r *Reader) known() ([]struct{}, bool) {
	if _, err := r.source.Targets(); health.Classify(err) == health.Starting {
		return nil, false
	}
	return []struct{}{{}}, true
}

// round reads one log after the other, which bounds the load on the API server
// and the kubelets.
func (r *Reader) round(ctx context.Context) error {
	targets, err := r.source.Targets()
	if err != nil {
		return err
	}
	slices.SortFunc(targets, func(a, b Target) int { return strings.Compare(a.Name, b.Name) })
	chosen := slices.DeleteFunc(slices.Clone(targets), func(t Target) bool { return len(t.Logs) == 0 })
	if n := len(chosen); n > r.options.Pods {
		// Each round begins where the last one ended.
		start := r.turn % n
		chosen = append(slices.Clone(chosen[start:]), chosen[:start]...)[:r.options.Pods]
		r.turn = start + r.options.Pods
	}
	r.forget(targets)
	var all error
	leftOut := len(targets) - len(chosen)
	for _, t := range chosen {
		err := r.readLogs(ctx, t)
		if errors.Is(err, ErrNoLog) {
			leftOut++
			continue
		}
		all = errors.Join(all, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Unhealthy, r.state.LeftOut, r.at = len(targets), leftOut, r.now()
	return all
}

func (r *Reader) readLogs(ctx context.Context, t Target) error {
	var all error
	for _, log := range slices.Sorted(maps.Keys(t.Logs)) {
		all = errors.Join(all, r.readLog(ctx, t, log))
	}
	return all
}

// forget drops what is known of logs that are not read any more, and of nodes
// that said nothing known for long.
func (r *Reader) forget(targets []Target) {
	kept := map[string]time.Time{}
	for _, t := range targets {
		for log := range t.Logs {
			if at, ok := r.read[t.Name+"/"+log]; ok {
				kept[t.Name+"/"+log] = at
			}
		}
	}
	r.read = kept
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.state.Seen, func(k Key, at time.Time) bool { return k.Node != "" && r.now().Sub(at) > forgetAfter })
}

// readLog reads what is new in one log. A container without a log, as one that
// has not started, is no error, and neither is a pod that is gone.
func (r *Reader) readLog(ctx context.Context, t Target, name string) error {
	key := t.Name + "/" + name
	after, known := r.read[key]
	if !known {
		after = r.now().Add(-LookBack)
	}
	log, err := r.source.Open(ctx, t.Name, name, after, r.options.Bytes)
	if apierrors.IsNotFound(err) || apierrors.IsBadRequest(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", key, err)
	}
	defer func() { _ = log.Close() }()
	bytes, lines, last, err := r.scan(log, Key{Node: t.Node, Component: t.Logs[name]}, after)
	r.read[key] = last
	r.mu.Lock()
	r.state.Bytes += bytes
	if bytes >= r.options.Bytes || lines >= Lines {
		r.state.Truncated++
	}
	r.mu.Unlock()
	if err != nil {
		return fmt.Errorf("read the log of %s: %w", key, err)
	}
	return nil
}

// scan counts the lines that bear a signature and are newer than after, since
// the API server knows whole seconds only. It returns the time of the last line.
func (r *Reader) scan(log io.Reader, speaker Key, after time.Time) (bytes int64, lines int, last time.Time, err error) {
	last = after
	text := bufio.NewReaderSize(io.LimitReader(log, r.options.Bytes), 16<<10)
	for {
		// Of a line that is very long the beginning is enough.
		line, more, err := text.ReadLine()
		bytes += int64(len(line)) + 1
		if errors.Is(err, io.EOF) {
			return bytes - 1, lines, last, nil
		}
		if err != nil {
			return bytes, lines, last, err
		}
		begin := string(line)
		for more && err == nil {
			line, more, err = text.ReadLine()
			bytes += int64(len(line))
		}
		lines++
		at, message, ok := r.source.Stamp(begin, r.now())
		if !ok || !at.After(after) {
			continue // no line of a log, or one that was read before
		}
		last = at
		if name := match(r.signatures, message); name != "" {
			speaker.Signature = name
			r.saw(speaker, at)
		}
	}
}

func (r *Reader) saw(k Key, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at.After(r.state.Seen[k]) {
		r.state.Seen[k] = at
	}
	k.Node = ""
	r.state.Lines[k]++
}

// State returns what is known now; ok is false before the first round.
func (r *Reader) State() (state State, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state = r.state
	state.Seen, state.Lines = maps.Clone(r.state.Seen), maps.Clone(r.state.Lines)
	return state, !r.at.IsZero()
}
