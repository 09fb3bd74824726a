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
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/kubevitals/kubevitals/lab/chaos/faultproxy"
	"github.com/kubevitals/kubevitals/lab/cluster"
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
	subject  *subject
	// server is where the program finds the API server: the proxy, unless the trial
	// prepares something else.
	server string
	// second is the API server that the trial has to itself, if it has.
	second *cluster.SecondAPIServer

	mu    sync.Mutex
	truth kubernetes.Interface // the API server that is asked for what is true
	ends  []func()
}

// setUp makes everything and starts the program under test. Whatever it comes to,
// tearDown is to be called.
func (s *stage) setUp(ctx context.Context) error {
	s.dir = filepath.Join(s.campaign.options.Dir, s.trial.Name)
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("folder of the trial: %w", err)
	}
	c := s.campaign.cluster
	s.world, s.truth = &world{client: c.Client(), trial: s.trial.Name}, c.Client()
	if err := s.world.build(ctx); err != nil {
		return err
	}
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.atEnd(stop)
	go s.world.keep(keeping)
	var err error
	if s.account, err = newAccount(ctx, c, s.campaign.shipped, s.trial.Name, s.dir); err != nil {
		return err
	}
	if s.proxy, err = startProxy(ctx, c, s.trial); err != nil {
		return err
	}
	s.atEnd(s.proxy.Close)
	s.server = s.proxy.URL()
	if s.trial.prepare != nil {
		if err := s.trial.prepare(ctx, s); err != nil {
			return err
		}
	}
	kubeconfig, err := s.account.kubeconfig(s.server)
	if err != nil {
		return err
	}
	if s.subject, err = startSubject(ctx, s.campaign.options.program, kubeconfig, s.dir); err != nil {
		return err
	}
	s.atEnd(s.subject.stop)
	return nil
}

// startProxy starts a proxy before the API server of the cluster.
func startProxy(ctx context.Context, c *cluster.Cluster, t Trial) (*faultproxy.Proxy, error) {
	certificate, err := c.ServingCertificate("chaos-"+t.Name, nil)
	if err != nil {
		return nil, err
	}
	free, err := cluster.FreePorts(ctx, 1)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(c.CAFile())
	if err != nil {
		return nil, fmt.Errorf("authority of the API server: %w", err)
	}
	roots.AppendCertsFromPEM(pem)
	return faultproxy.Start(ctx, faultproxy.Options{
		Address:     fmt.Sprintf("127.0.0.1:%d", free[0]),
		Certificate: certificate, HTTP1: t.HTTP1, Upstream: c.RESTConfig().Host,
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2: true, DisableCompression: true,
		},
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

// believe asks another API server for what is true from now on.
func (s *stage) believe(client kubernetes.Interface) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.truth = client
}

func (s *stage) readTruth(ctx context.Context) (facts, error) {
	s.mu.Lock()
	client := s.truth
	s.mu.Unlock()
	return s.world.read(ctx, client)
}

func (s *stage) heal(ctx context.Context) error {
	if s.trial.heals != nil {
		return s.trial.heals(ctx, s)
	}
	return s.proxy.Heal()
}
