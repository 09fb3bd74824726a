package collectors

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

const conntrackName = "conntrack"

var (
	conntrackActive = exporter.NewGauge(conntrackName, "active",
		"Whether the kernel of the node tracks connections: 1 is yes, 0 means that it cannot (the module is not loaded), so there is no table.",
		"node")
	conntrackEntries = exporter.NewGauge(conntrackName, "entries",
		"Number of connections in the node's connection tracking table.", "node")
	conntrackLimit = exporter.NewGauge(conntrackName, "limit",
		"Number of connections that the node's connection tracking table may hold; 0 means that it is not bounded.", "node")
	conntrackEvents = exporter.NewCounter(conntrackName, "events_total",
		"Times that the table had trouble with a packet: drop and early_drop because it is full, insert_failed for a clash of two packets, search_restart for a table that was resized under a search.",
		"node", "event")
)

// Conntrack is the failure mode of a node that drops new connections, because
// the kernel has no room left to keep track of them.
//
// node_exporter has these figures, too, where it runs. They are sent again because
// the table is what Services stand on, and not every cluster runs node_exporter.
func Conntrack() Definition {
	return Definition{
		Name:       conntrackName,
		Help:       "The node's connection tracking table is full or nearly so: new connections are dropped.",
		Scope:      Node,
		Privileges: []Privilege{HostNetwork, HostProc},
		Default:    true,
		Metrics:    []*exporter.Desc{conntrackActive, conntrackEntries, conntrackLimit, conntrackEvents},
		Replay:     true, // a table in the kernel of a node
		New:        func(s *sources.Sources) (exporter.Collector, error) { return conntrackCollector{s.Host()}, nil },
	}
}

// conntrack reads the table of its own network namespace, which is the node's
// where the agent has the network of the host.
type conntrackCollector struct{ host sources.Host }

// Collect fails if the files are there and cannot be read. A kernel that tracks
// no connections is no fault: it says so and sends nothing else.
func (c conntrackCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	node := c.host.Node()
	entries, err := c.number("nf_conntrack_count")
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(c.host.Path("proc", "sys", "net")); err != nil {
			return fmt.Errorf("connection tracking: %w", err) // this is no view of a kernel
		}
		ch <- conntrackActive.Sample(0, node)
		return nil
	}
	if err != nil {
		return err
	}
	limit, err := c.number("nf_conntrack_max")
	if err != nil {
		return err
	}
	events, err := c.events()
	if err != nil {
		return err
	}
	ch <- conntrackActive.Sample(1, node)
	ch <- conntrackEntries.Sample(entries, node)
	ch <- conntrackLimit.Sample(limit, node)
	for event, count := range events {
		ch <- conntrackEvents.Sample(count, node, event)
	}
	return nil
}

func (c conntrackCollector) number(file string) (float64, error) {
	text, err := os.ReadFile(c.host.Path("proc", "sys", "net", "netfilter", file))
	if err != nil {
		return 0, fmt.Errorf("connection tracking: %w", err)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("connection tracking: %s: %w", file, err)
	}
	return float64(n), nil
}

// events reads the statistics; a kernel may be built without them.
func (c conntrackCollector) events() (map[string]float64, error) {
	text, err := os.ReadFile(c.host.Path("proc", "net", "stat", "nf_conntrack"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("statistics of connection tracking: %w", err)
	}
	return conntrackStatistics(string(text))
}

// conntrackStatistics adds up the lines of all CPUs. The columns differ between
// kernels, so each is found by its name; the values are hexadecimal.
func conntrackStatistics(text string) (map[string]float64, error) {
	sums := map[string]float64{}
	var columns []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if columns == nil {
			columns = fields
			continue
		}
		if len(fields) != len(columns) {
			return nil, fmt.Errorf("statistics of connection tracking: %d values under %d names", len(fields), len(columns))
		}
		for i, name := range columns {
			switch name {
			case "drop", "early_drop", "insert_failed", "search_restart":
			default:
				continue
			}
			n, err := strconv.ParseUint(fields[i], 16, 64)
			if err != nil {
				return nil, fmt.Errorf("statistics of connection tracking: %s: %w", name, err)
			}
			sums[name] += float64(n)
		}
	}
	return sums, nil
}
