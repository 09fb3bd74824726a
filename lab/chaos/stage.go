package chaos

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/kubevitals/kubevitals/lab/chaos/faultproxy"
	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/valve"
)

// stage is all that one trial needs: a part of the cluster, an account, a proxy
// and a program under test. Trials share nothing else but the cluster.
type stage struct {
	campaign *Campaign
	trial    Trial
	dir      string
	world    *world
	account  *account
	proxy    *faultproxy.Proxy
	// scene is what changes and is compared: the world, unless the trial is of something else.
	scene scene
	// subjects are the program under test and, if it is wanted, its peer; the former
	// is given flags.
	subjects []*subject
	flags    []string
	// server is where the program finds the API server: the proxy, unless the trial
	// prepares something else.
	server string
	// second is the API server that the trial has to itself, if it has.
	second *cluster.SecondAPIServer

	// valve is before the etcd of that API server, if it is to go wrong.
	valve *valve.Valve

	ends []func()
}

// setUp makes everything and starts the program under test. Whatever it comes to,
// tearDown is to be called.
func (s *stage) setUp(ctx context.Context) error {
	s.dir = filepath.Join(s.campaign.options.Dir, s.trial.Name)
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("folder of the trial: %w", err)
	}
	s.world = newWorld(s.campaign.cluster.Client(), s.trial.Name)
	s.scene = s.world
	if err := s.world.build(ctx); err != nil {
		return err
	}
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.atEnd(stop)
	go s.world.keep(keeping)
	var err error
	if s.account, err = newAccount(ctx, s.campaign.cluster, s.campaign.shipped, s.trial.Name, s.dir); err != nil {
		return err
	}
	place := behindAPIServer
	if s.trial.place != nil {
		place = s.trial.place
	}
	if err := place(ctx, s); err != nil {
		return err
	}
	if s.trial.prepare != nil {
		if err := s.trial.prepare(ctx, s); err != nil {
			return err
		}
	}
	kubeconfig, err := s.account.kubeconfig(s.server)
	if err != nil {
		return err
	}
	return s.startSubjects(ctx, kubeconfig)
}

// startSubjects starts the programs, the peer only where the API server is what goes wrong.
func (s *stage) startSubjects(ctx context.Context, kubeconfig string) error {
	programs := s.campaign.programs
	if s.trial.place != nil {
		programs = programs[:1]
	}
	for _, p := range programs {
		started, err := startSubject(ctx, p, kubeconfig, s.dir, s.flags...)
		if err != nil {
			return err
		}
		s.atEnd(started.stop)
		s.subjects = append(s.subjects, started)
	}
	return nil
}

// behindAPIServer puts the proxy before the API server of the cluster.
func behindAPIServer(ctx context.Context, s *stage) error {
	c := s.campaign.cluster
	certificate, err := c.ServingCertificate("chaos-"+s.trial.Name, nil)
	if err != nil {
		return err
	}
	if s.proxy, err = startProxy(ctx, certificate, c.RESTConfig().Host, c.CAFile(), s.trial.HTTP1, direct); err != nil {
		return err
	}
	s.atEnd(s.proxy.Close)
	s.server = s.proxy.URL()
	return nil
}

// direct takes answers of the server behind a proxy as they are.
func direct(to http.RoundTripper) http.RoundTripper { return to }

// startProxy starts a proxy before a server whose authority is in a file. What the server
// answers comes by way of by.
func startProxy(ctx context.Context, certificate tls.Certificate, upstream, authority string, http1 bool, by func(http.RoundTripper) http.RoundTripper) (*faultproxy.Proxy, error) {
	free, err := cluster.FreePorts(ctx, 1)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(authority)
	if err != nil {
		return nil, fmt.Errorf("authority of %s: %w", upstream, err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return faultproxy.Start(ctx, faultproxy.Options{
		Address:     fmt.Sprintf("127.0.0.1:%d", free[0]),
		Certificate: certificate, HTTP1: http1, Upstream: upstream,
		Transport: by(&http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2: true, DisableCompression: true,
		}),
	})
}

// atEnd does something when the trial is over, in the reverse order.
func (s *stage) atEnd(do func()) { s.ends = append(s.ends, do) }

// tearDown removes what setUp made.
func (s *stage) tearDown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	for i := len(s.ends) - 1; i >= 0; i-- {
		s.ends[i]()
	}
	var errs []error
	if s.account != nil {
		errs = append(errs, s.account.remove(ctx))
	}
	if s.world != nil {
		errs = append(errs, s.world.remove(ctx))
	}
	return errors.Join(errs...)
}
