// Package replay tells a real Alertmanager of the incidents of a simulated cluster, and
// counts what an on-call gets of them: by the rules and the configuration that are
// shipped, and by others.
package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/kubevitals/kubevitals/test/fleet"
)

// Incident is what fired while something was wrong in a cluster, on simulated time.
type Incident struct {
	// Name is the value that its alerts get for the label cluster: one Alertmanager is told
	// of all incidents at once.
	Name string
	// Cause are the alerts of which each must be told, the first one first.
	Cause []string
	// Began is when the cluster became ill, and Healed when it was mended.
	Began, Healed time.Time
	Fired         []fleet.Fired
}

// clock is simulated time, which passes faster than that of the machine.
type clock struct {
	began, simulated time.Time
	// pace is how many seconds pass in one.
	pace float64
}

func (c clock) now() time.Time {
	return c.simulated.Add(time.Duration(float64(time.Since(c.began)) * c.pace))
}

func (c clock) real(simulated time.Time) time.Time {
	return c.began.Add(time.Duration(float64(simulated.Sub(c.simulated)) / c.pace))
}

// Prometheus sends an alert that fires again and again, and says until when that is to
// hold if nothing more is heard.
const valid = 4 * time.Minute

// alert is one in the form of Alertmanager's API.
type alert struct {
	Labels   map[string]string `json:"labels"`
	StartsAt time.Time         `json:"startsAt"`
	EndsAt   time.Time         `json:"endsAt"`
}

// at are the alerts that Prometheus sends at a time: those that fire, and those that
// have ended within the last minute.
func (i Incident) at(now time.Time, every time.Duration, c clock) []alert {
	var all []alert
	for _, f := range i.Fired {
		ends := f.Until.Add(every) // the evaluation that found it no more
		if f.At.After(now) || now.Sub(ends) > time.Minute {
			continue
		}
		labels := maps.Clone(f.Labels)
		labels["cluster"] = i.Name
		one := alert{Labels: labels, StartsAt: c.real(f.At), EndsAt: c.real(now.Add(valid))}
		if !now.Before(ends) {
			one.EndsAt = c.real(ends)
		}
		all = append(all, one)
	}
	return all
}

// Send tells Alertmanagers of incidents that all begin at one time, as Prometheus does
// after each evaluation, until the last has ended and what is told late has been told.
func Send(ctx context.Context, o Options, incidents []Incident, to ...*Alertmanager) error {
	first, last := incidents[0].Began, incidents[0].Healed
	for _, i := range incidents {
		for _, f := range i.Fired {
			first, last = earlier(first, f.At), later(last, f.Until)
		}
	}
	c := clock{began: time.Now(), simulated: first, pace: o.Pace}
	for _, a := range to {
		a.receiver.clock = c
	}
	for now := first; now.Before(last.Add(groupWait + groupInterval)); now = now.Add(o.Evaluation) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(c.real(now))):
		}
		var alerts []alert
		for _, i := range incidents {
			alerts = append(alerts, i.at(now, o.Evaluation, c)...)
		}
		for _, a := range to {
			if err := a.post(ctx, alerts); err != nil {
				return err
			}
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// post sends alerts.
func (a *Alertmanager) post(ctx context.Context, alerts []alert) error {
	if len(alerts) == 0 {
		return nil
	}
	body, err := json.Marshal(alerts)
	if err != nil {
		return fmt.Errorf("alerts: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+"/api/v2/alerts", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("send alerts: %w", err)
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New("send alerts: Alertmanager answers " + answer.Status)
	}
	return nil
}
