// Package hostile has bodies that are made to take memory, and measures how much of
// it whoever reads them takes. The bodies are endless for all that matters: they are
// made while they are read.
package hostile

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Budget is how much memory one source may cost, in bytes, whatever it answers.
const Budget = 32 << 20

// Body is one hostile body.
type Body struct {
	Name string
	// Open starts the body anew.
	Open func() io.Reader
}

// size is how much of a body there is: more than any decoder reads.
const size = 512 << 20

// repeat is start and then part again and again.
func repeat(name, start, part string) Body {
	block := []byte(strings.Repeat(part, 1+(32<<10)/len(part)))
	return Body{name, func() io.Reader {
		return io.MultiReader(strings.NewReader(start), io.LimitReader(&ring{block: block}, size))
	}}
}

// ring reads a block again and again.
type ring struct {
	block []byte
	at    int
}

func (r *ring) Read(p []byte) (int, error) {
	n := copy(p, r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	return n, nil
}

// numbered is start and then what part makes of 0, 1, 2 and so on.
func numbered(name, start string, part func(int) string) Body {
	return Body{name, func() io.Reader {
		return io.MultiReader(strings.NewReader(start), io.LimitReader(&counting{part: part}, size))
	}}
}

type counting struct {
	part func(int) string
	n    int
	rest string
}

func (c *counting) Read(p []byte) (int, error) {
	if c.rest == "" {
		c.rest = c.part(c.n)
		c.n++
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// JSON are bodies in the place of any in JSON.
func JSON() []Body {
	return []Body{
		repeat("nested arrays", "", "["),
		repeat("nested objects", "", `{"a":`),
		repeat("nested arrays in a field", `{"pods":`, "["),
		repeat("a string without an end", `{"pods":"`, "a"),
		repeat("a key without an end", `{"`, "a"),
		repeat("a number without an end", `{"pods":`, "1"),
		repeat("nothing but blanks", `{`, " "),
		numbered("fields without an end", "{", func(n int) string { return fmt.Sprintf(`"field-%d":{},`, n) }),
		repeat("empty objects without an end", `{"items":[`, "{},"),
		repeat("items without an end", `{"kind":"List","items":[`, `{"metadata":{"name":"a"}},`),
	}
}

// Summaries are bodies in the place of /stats/summary of a kubelet.
func Summaries() []Body {
	return append(JSON(),
		repeat("a node without an end", `{"node":{"network":{"interfaces":[`, `{"name":"eth0","rxBytes":1},`),
		repeat("a node of one string", `{"node":{"nodeName":"`, "a"),
		repeat("pods without an end", `{"node":{"fs":{"availableBytes":1,"capacityBytes":2}},"pods":[`, `{"podRef":{"name":"a"}},`),
	)
}

// Configs are bodies in the place of /configz of a kubelet.
func Configs() []Body {
	return append(JSON(),
		numbered("thresholds without an end", `{"kubeletconfig":{"evictionHard":{`, func(n int) string { return fmt.Sprintf(`"%d":"1%%",`, n) }),
		repeat("addresses without an end", `{"kubeletconfig":{"clusterDNS":[`, `"",`),
	)
}

// Expositions are bodies in the place of /metrics.
func Expositions() []Body {
	long := strings.Repeat("a", 250<<10)
	return []Body{
		numbered("names of 250 KB", "", func(n int) string { return fmt.Sprintf("%s_%d 1\n", long, n) }),
		numbered("names that differ early", "", func(n int) string { return fmt.Sprintf("a%d_%s 1\n", n, long[:1<<10]) }),
		numbered("quoted names of 250 KB", "", func(n int) string { return fmt.Sprintf("{\"%d%s\"} 1\n", n, long) }),
		numbered("families without an end", "", func(n int) string { return fmt.Sprintf("family_%d 1\n", n) }),
		repeat("a line without an end", "a{b=\"", "c"),
		repeat("comments without an end", "", "# HELP a b\n"),
		repeat("series without an end", "", "a{b=\"c\"} 1\n"),
	}
}

// Peak runs f and returns by how many bytes the heap grew at most meanwhile, as far as
// that can be told by looking at it often. Nothing else may run beside it.
func Peak(f func()) int64 {
	// What is garbage must not count for what is held.
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	before := heap()
	stop, peak := make(chan struct{}), make(chan int64)
	go func() {
		most := int64(0)
		for {
			select {
			case <-stop:
				peak <- max(most, heap()-before)
				return
			default:
				most = max(most, heap()-before)
				time.Sleep(time.Millisecond)
			}
		}
	}()
	f()
	close(stop)
	return <-peak
}

func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
