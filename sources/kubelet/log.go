package kubelet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// LogQuery asks for the log of a service of the node, from the journal.
type LogQuery struct {
	// Service is the name of its unit, without ".service".
	Service string
	// Since is the time of the first line, in whole seconds.
	Since time.Time
	// Lines is how many of the last lines are given.
	Lines int
	// Bytes is how many of the first bytes of the answer are read.
	Bytes int64
}

func (q LogQuery) path() string {
	return "/logs/?" + url.Values{
		"query": {q.Service}, "sinceTime": {q.Since.UTC().Format(time.RFC3339)}, "tailLines": {strconv.Itoa(q.Lines)},
	}.Encode()
}

// ReadLog asks the kubelet of the node, which must have Config.SystemLogQuery:
// without it, it would answer with a list of files. It needs the right to get
// nodes/log. An error that stems from an answer is a health.Reasoner.
func (p *Poller) ReadLog(ctx context.Context, node string, q LogQuery) ([]byte, error) {
	var text bytes.Buffer
	to, err := p.targetOf(node)
	if err == nil {
		// It refuses to be asked for text, which is what it answers with.
		err = p.client.request(ctx, to, q.path(), "", func(_ origin, body io.Reader) error {
			_, err := io.Copy(&text, io.LimitReader(body, q.Bytes))
			return err
		})
	}
	if err == nil {
		err = refusal(text.String())
	}
	if err != nil {
		return nil, fmt.Errorf("kubelet of node %s: log of %s: %w", node, q.Service, err)
	}
	return text.Bytes(), nil
}

func (p *Poller) targetOf(node string) (target, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, k := range p.order {
		if k.result.Node == node {
			return k.target, nil
		}
	}
	return target{}, errors.New("the node is not known yet")
}

// refusal is the error that the kubelet tells in place of a log: its answer has
// the status 200 all the same.
func refusal(text string) error {
	first, _, _ := strings.Cut(strings.TrimLeft(text, "\n"), "\n")
	for _, start := range []string{
		"options present and query resolved to log files", "log not found for", "error getting log", "error: journal output",
		"failed to get logging cmd",
	} {
		if strings.HasPrefix(first, start) {
			return &answerError{reason: health.NotFound, err: errors.New(first)}
		}
	}
	return nil
}
