package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/common/version"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/mcp"
	"github.com/kubevitals/kubevitals/internal/oneshot"
)

const mcpHelp = `Let an assistant ask what is wrong: a server of the Model Context Protocol on
standard input and output, with tools that only read: incidents, incident, runbook,
signals, blind_spots, check_dump. It looks at the cluster that check would look at,
when it is asked, and at most once a minute. An assistant is told of it like this:

  {"mcpServers": {"kubevitals": {"command": "kubevitals", "args": ["mcp"]}}}

Names and messages of the cluster are marked as data in its answers: whoever may
write to the cluster may have written them. Ends with its input.

A running exporter answers the same at /mcp where it is started with --web.mcp.

Exit codes: 0 the input ended; 1 the streams broke; 2 a flag is wrong.`

func (c *command) mcpCommand() {
	m := c.app.Command(mcpName, mcpHelp)
	m.Flag("window", "Time between the two samples that rates are taken from, as of check.").Default("15s").DurationVar(&c.assisting.window)
}

// assisting is how assistants are served.
type assisting struct {
	window time.Duration
	// http is whether the exporter serves them, too.
	http bool
}

// runMCP serves an assistant until its input ends.
func (c *command) runMCP(ctx context.Context, logger *slog.Logger) error {
	defer oneshot.CollectRarely()()
	if c.assisting.window < 0 {
		return &exitError{exitUsage, fmt.Errorf("--window: %s is a negative duration", c.assisting.window)}
	}
	if err := assistantsOf(c.looks(logger)).Serve(ctx, c.stdin, c.stdout); err != nil {
		return fmt.Errorf("mcp: %w", err)
	}
	return nil
}

// looks are how an assistant sees the cluster of the flags, and dumps.
func (c *command) looks(logger *slog.Logger) *mcp.Looks {
	c.checking.window, c.checking.severity = c.assisting.window, "info"
	// One look at a time: they share what the flags say.
	var looking sync.Mutex
	look := func(ctx context.Context, dump string) (*diagnosis.Result, error) {
		looking.Lock()
		defer looking.Unlock()
		at := *c
		if dump != "" {
			at.snapshot, at.demo, at.kubeconfig, at.context = dump, false, "", ""
		}
		return at.check(ctx, logger)
	}
	return &mcp.Looks{
		Look: func(ctx context.Context) (*diagnosis.Result, error) { return look(ctx, "") },
		Dump: look, Fresh: time.Minute, Now: time.Now,
	}
}

// withAssistants serves the Model Context Protocol at /mcp beside the pages, where that is
// wanted. Whatever guards the pages guards it, too.
func (c *command) withAssistants(pages http.Handler, report func(context.Context) (*diagnosis.Result, error)) http.Handler {
	if !c.assisting.http {
		return pages
	}
	mux := http.NewServeMux()
	mux.Handle("/mcp", assistantsOf(&mcp.Looks{Look: report, Now: time.Now}).Handler())
	mux.Handle("/", pages)
	return mux
}

// assistantsOf serves assistants what is seen by the looks.
func assistantsOf(looks *mcp.Looks) *mcp.Server {
	return &mcp.Server{Version: version.Version, Instructions: mcp.Instructions, Tools: mcp.Tools(looks)}
}
