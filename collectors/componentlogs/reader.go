package componentlogs

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Options bound what is read. Zero values mean the defaults.
type Options struct {
	// Interval is the time between two rounds; 1 min by default. A round may take
	// as long.
	Interval time.Duration
	// Pods is how many are read in one round; 20 by default. The rest has its turn
	// in the rounds after.
	Pods int
	// Bytes is how much is read of one container in one round; 256 KiB by default.
	Bytes int64
}

// Validate fails if the options make no sense.
func (o Options) Validate() error {
	if o.Interval < 0 || o.Pods < 0 || o.Bytes < 0 {
		return fmt.Errorf("interval %s, pods %d and bytes %d must be positive", o.Interval, o.Pods, o.Bytes)
	}
	return nil
}

func (o *Options) fill() {
	o.Interval = cmp.Or(o.Interval, time.Minute)
	o.Pods = cmp.Or(o.Pods, 20)
	o.Bytes = cmp.Or(o.Bytes, 256<<10)
}

// Lines is how many of the last lines of one container are read in one round.
const Lines = 2000

// lookBack is how far the first reading of a container goes back.
const lookBack = 10 * time.Minute

// Pod is one whose log is to be read.
type Pod struct {
	Name, Component string
	Containers      []string
}

// Open opens the log of a container as the API server serves it: lines that
// begin with their time, not older than since, the last Lines of them, and not
// more than limit bytes.
type Open func(ctx context.Context, pod, container string, since time.Time, limit int64) (io.ReadCloser, error)

// Key says what was seen and by whom.
type Key struct{ Component, Signature string }

// Seen is how often and when last.
type Seen struct {
	Lines int
	// Last is the time that the last line bears.
	Last time.Time
}

// State is what the reader knows.
type State struct {
	// Unhealthy pods were there in the last round, of which LeftOut were not read.
	Unhealthy, LeftOut int
	Seen               map[Key]Seen
	// Bytes were read since the start; Truncated counts readings that met a bound.
	Bytes     int64
	Truncated int
}

// Reader reads the logs of pods that are not well.
type Reader struct {
	options    Options
	pods       func() ([]Pod, error)
	open       Open
	report     func(error)
	logger     *slog.Logger
	now        func() time.Time
	signatures []Signature

	// read is the time of the last line that was read, by pod and container; only
	// Run uses it.
	read map[string]time.Time
	turn int

	mu    sync.Mutex
	state State
	at    time.Time
}

// NewReader returns a reader of the pods that the function names. report learns
// of what each round came to.
func NewReader(o Options, pods func() ([]Pod, error), open Open, report func(error), logger *slog.Logger, now func() time.Time) *Reader {
	o.fill()
	return &Reader{
		options: o, pods: pods, open: open, report: report, logger: logger, now: now,
		signatures: Signatures(), read: map[string]time.Time{}, state: State{Seen: map[Key]Seen{}},
	}
}

// Run reads until ctx ends.
func (r *Reader) Run(ctx context.Context) {
	tick := time.NewTicker(r.options.Interval)
	defer tick.Stop()
	for {
		bounded, cancel := context.WithTimeout(ctx, r.options.Interval)
		err := r.round(bounded)
		cancel()
		if ctx.Err() == nil {
			r.report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// round reads one container after the other, which bounds the load on the API
// server and the kubelets.
func (r *Reader) round(ctx context.Context) error {
	pods, err := r.pods()
	if err != nil {
		return err
	}
	slices.SortFunc(pods, func(a, b Pod) int { return strings.Compare(a.Name, b.Name) })
	chosen := pods
	if len(pods) > r.options.Pods {
		// Each round begins where the last one ended.
		start := r.turn % len(pods)
		chosen = append(slices.Clone(pods[start:]), pods[:start]...)[:r.options.Pods]
		r.turn = start + r.options.Pods
	}
	var all error
	kept := map[string]time.Time{}
	for _, p := range pods {
		for _, c := range p.Containers {
			if at, ok := r.read[p.Name+"/"+c]; ok {
				kept[p.Name+"/"+c] = at
			}
		}
	}
	r.read = kept
	for _, p := range chosen {
		for _, c := range p.Containers {
			all = errors.Join(all, r.readLog(ctx, p, c))
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Unhealthy, r.state.LeftOut, r.at = len(pods), len(pods)-len(chosen), r.now()
	return all
}

// readLog reads what is new in one log. A container without a log, as one that
// has not started, is no error, and neither is a pod that is gone.
func (r *Reader) readLog(ctx context.Context, p Pod, container string) error {
	key := p.Name + "/" + container
	after, known := r.read[key]
	if !known {
		after = r.now().Add(-lookBack)
	}
	log, err := r.open(ctx, p.Name, container, after, r.options.Bytes)
	if apierrors.IsNotFound(err) || apierrors.IsBadRequest(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", key, err)
	}
	defer func() { _ = log.Close() }()
	bytes, lines, last, err := r.scan(log, p.Component, after)
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
func (r *Reader) scan(log io.Reader, component string, after time.Time) (bytes int64, lines int, last time.Time, err error) {
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
		stamp, message, _ := strings.Cut(begin, " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil || !at.After(after) {
			continue // no line of a log, or one that was read before
		}
		last = at
		if name := match(r.signatures, message); name != "" {
			r.saw(Key{component, name}, at)
		}
	}
}

func (r *Reader) saw(k Key, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.state.Seen[k]
	seen.Lines++
	if at.After(seen.Last) {
		seen.Last = at
	}
	r.state.Seen[k] = seen
}

// State returns what is known now; ok is false before the first round.
func (r *Reader) State() (state State, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state = r.state
	state.Seen = make(map[Key]Seen, len(r.state.Seen))
	for k, v := range r.state.Seen {
		state.Seen[k] = v
	}
	return state, !r.at.IsZero()
}
