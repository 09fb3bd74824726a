package chaos

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubevitals/kubevitals/lab/chaos/faultproxy"
	"github.com/kubevitals/kubevitals/lab/cluster"
)

// certificateTrial shows another certificate on new connections.
func certificateTrial(name, what string, certificate func(*cluster.Cluster) (tls.Certificate, error)) Trial {
	t := proxied(name, what, faultproxy.Fault{Cut: faultproxy.ResetAll})
	t.certificate = certificate
	return t
}

func strangeCertificate(*cluster.Cluster) (tls.Certificate, error) {
	return cluster.StrangeCertificate()
}

func expiredCertificate(c *cluster.Cluster) (tls.Certificate, error) {
	return c.ServingCertificate("expired", func(template *x509.Certificate) {
		template.NotBefore, template.NotAfter = time.Now().AddDate(0, 0, -8), time.Now().AddDate(0, 0, -1)
	})
}

func anothersCertificate(c *cluster.Cluster) (tls.Certificate, error) {
	return c.ServingCertificate("anothers", func(template *x509.Certificate) {
		template.DNSNames, template.IPAddresses = []string{"another.example"}, []net.IP{net.IPv4(192, 0, 2, 1)}
	})
}

// goAwayStorm ends each connection two seconds after the last one ended, as well.
func goAwayStorm() Trial {
	t := proxied("goaway-storm", "each answer ends with GOAWAY, and every two seconds all connections are closed", faultproxy.Fault{GoAway: true})
	t.during = func(ctx context.Context, s *stage) {
		for pause(ctx, 2*time.Second) {
			s.proxy.Cut(faultproxy.CloseAll)
		}
	}
	return t
}

// pause waits, and tells whether ctx lets go on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// forget is for how long an API server goes by what it knew of a token.
const forget = 11 * time.Second

// serverTrials are of the API server itself, and of what it thinks of the account.
func serverTrials() []Trial {
	return []Trial{
		{Name: "token-revoked", What: "the token is revoked and connections end; a new token is written at the end",
			breaks: func(ctx context.Context, s *stage) error {
				if err := s.account.revoke(ctx); err != nil {
					return err
				}
				pause(ctx, forget)
				s.proxy.Cut(faultproxy.ResetAll)
				return nil
			},
			heals: func(ctx context.Context, s *stage) error { return s.account.issue(ctx) }},
		{Name: "token-rotated", What: "a new token is written, the old one is revoked and connections end",
			breaks: func(ctx context.Context, s *stage) error {
				err := errors.Join(s.account.revoke(ctx), s.account.issue(ctx))
				pause(ctx, forget)
				s.proxy.Cut(faultproxy.ResetAll)
				return err
			}},
		{Name: "rights-removed", What: "the bindings of its roles are deleted and connections end",
			breaks: func(ctx context.Context, s *stage) error {
				err := s.account.withdraw(ctx)
				s.proxy.Cut(faultproxy.ResetAll)
				return err
			},
			heals: func(ctx context.Context, s *stage) error { return s.account.grant(ctx) }},
		{Name: "apiserver-killed", What: "the API server is killed, and started again at the end", prepare: ownAPIServer,
			breaks: func(_ context.Context, s *stage) error { s.second.Process.Kill(); return nil },
			heals:  func(ctx context.Context, s *stage) error { return s.second.Process.Start(ctx) }},
		{Name: "apiserver-paused", What: "the API server's process is stopped (SIGSTOP)", prepare: ownAPIServer, Short: true,
			breaks: func(_ context.Context, s *stage) error { return s.second.Process.Pause() },
			heals:  func(_ context.Context, s *stage) error { return s.second.Process.Resume() }},
		{Name: "apiserver-restarted", What: "the API server is killed and started again at once", prepare: ownAPIServer,
			breaks: func(_ context.Context, s *stage) error { s.second.Process.Kill(); return nil },
			during: func(ctx context.Context, s *stage) { _ = s.second.Process.Start(ctx) },
			heals:  func(ctx context.Context, s *stage) error { return s.second.Process.WaitReady(ctx) }},
		{Name: "apiserver-rolled", What: "another API server of the same etcd takes the place of the first, and the first one again at the end", prepare: secondAPIServer,
			breaks: func(_ context.Context, s *stage) error {
				return s.switchTo(s.second.URL, s.campaign.cluster.Client())
			},
			heals: switchBack},
		{Name: "older-etcd", What: "another API server, with an etcd restored from a snapshot, takes the place of the first, for good",
			breaks: olderEtcd, heals: func(context.Context, *stage) error { return nil }},
		{Name: "older-etcd-and-back", What: "another API server, with an etcd restored from a snapshot, takes the place of the first, and the first one again at the end",
			breaks: olderEtcd, heals: switchBack},
	}
}

// secondAPIServer gives the trial an API server of its own on the cluster's etcd.
func secondAPIServer(ctx context.Context, s *stage) error {
	var err error
	s.second, err = s.campaign.cluster.StartAPIServer(ctx, s.trial.Name, s.campaign.cluster.EtcdURL())
	if err != nil {
		return err
	}
	s.atEnd(s.second.Process.Kill)
	return nil
}

// ownAPIServer sends the program under test straight to one that the trial may kill.
func ownAPIServer(ctx context.Context, s *stage) error {
	if err := secondAPIServer(ctx, s); err != nil {
		return err
	}
	s.server = s.second.URL
	return nil
}

// olderEtcd restores what was before the trial changed anything, changes the
// cluster so that it is not what the snapshot says, and switches over.
func olderEtcd(ctx context.Context, s *stage) error {
	c := s.campaign.cluster
	snapshot := filepath.Join(s.dir, "snapshot.db")
	if err := c.SnapshotEtcd(ctx, snapshot); err != nil {
		return err
	}
	dir := filepath.Join(s.dir, "etcd")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	etcd, url, err := cluster.StartRestoredEtcd(ctx, s.campaign.options.LabBinary, dir, snapshot)
	if err != nil {
		return err
	}
	s.atEnd(etcd.Kill)
	if s.second, err = c.StartAPIServer(ctx, s.trial.Name, url); err != nil {
		return err
	}
	s.atEnd(s.second.Process.Kill)
	if err := errors.Join(s.world.advance(ctx), s.world.setReady(ctx, steady, corev1.ConditionFalse), s.world.addPod(ctx), s.world.addPod(ctx)); err != nil {
		return err
	}
	pause(ctx, 5*time.Second) // to be seen
	client, err := kubernetes.NewForConfig(s.second.REST)
	if err != nil {
		return fmt.Errorf("client of the older API server: %w", err)
	}
	return s.switchTo(s.second.URL, client)
}

func switchBack(_ context.Context, s *stage) error {
	return s.switchTo(s.campaign.cluster.RESTConfig().Host, s.campaign.cluster.Client())
}

// switchTo lets the proxy lead to another API server, which is what is true then.
func (s *stage) switchTo(server string, client kubernetes.Interface) error {
	s.world.believe(client)
	if err := s.proxy.SetUpstream(server); err != nil {
		return err
	}
	s.proxy.Cut(faultproxy.ResetAll)
	return nil
}
