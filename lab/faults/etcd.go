package faults

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

func etcd() []Fault {
	return []Fault{
		{
			Name: "etcd-killed", What: "the only member of etcd ends and is not started again",
			Alert: "KubeVitalsEtcdNoLeader", Sign: Sign{Metric: "etcd_up", Value: 0}, inject: killed(cluster.Etcd),
		},
		{
			Name: "etcd-hung", What: "the only member of etcd is stopped (SIGSTOP)",
			Alert: "KubeVitalsEtcdNoLeader", Sign: Sign{Metric: "etcd_up", Value: 0}, inject: hung(cluster.Etcd),
		},
		{
			Name: "etcd-slow", What: "what goes from the API server to etcd and back takes 600 ms longer each way",
			Alert: "KubeVitalsEtcdSlow", inject: slowEtcd,
		},
		{
			Name: "etcd-full", What: "the database of etcd comes to its quota, and etcd takes no more writes",
			Alert: "KubeVitalsEtcdAlarm", Labels: map[string]string{"state": "nospace"},
			Sign: Sign{Metric: "etcd_health", Labels: map[string]string{"state": "nospace"}, Value: 1}, inject: fillEtcd,
		},
		{
			Name: "etcd-restored", What: "a snapshot of etcd is restored under a running control plane, which is not restarted",
			Alert: "KubeVitalsEtcdWentBack", Sign: Sign{Metric: "stale_reads_rewound", Value: 1}, inject: restoreEtcd,
		},
	}
}

func slowEtcd(_ context.Context, l *Lab) (healing, error) {
	l.EtcdValve().Delay(600 * time.Millisecond)
	return func(context.Context) error {
		l.EtcdValve().Delay(0)
		return nil
	}, nil
}

// EtcdClient talks to a member of etcd without a log.
func EtcdClient(url string) (*clientv3.Client, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{url}, DialTimeout: 5 * time.Second, Logger: zap.NewNop()})
	if err != nil {
		return nil, fmt.Errorf("client of etcd: %w", err)
	}
	return client, nil
}

func fillEtcd(ctx context.Context, l *Lab) (healing, error) {
	client, err := EtcdClient(l.EtcdURL())
	if err != nil {
		return nil, err
	}
	if err := Fill(ctx, client); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return func(ctx context.Context) error {
		return errors.Join(Mend(ctx, client, l.EtcdURL()), client.Close())
	}, nil
}

const filler = "filler"

// Fill writes until the quota of a member of etcd is used up; it is of 128 MiB at most.
func Fill(ctx context.Context, client *clientv3.Client) error {
	value := strings.Repeat("x", 1<<20)
	for range 128 {
		_, err := client.Put(ctx, filler, value)
		if errors.Is(err, rpctypes.ErrNoSpace) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("fill etcd: %w", err)
		}
	}
	return errors.New("128 MiB fit into the quota of etcd")
}

// Mend does what the runbook says: compact, defragment, disarm.
func Mend(ctx context.Context, client *clientv3.Client, url string) error {
	now, err := client.Get(ctx, filler)
	if err != nil {
		return fmt.Errorf("mend etcd: %w", err)
	}
	if _, err := client.Compact(ctx, now.Header.Revision, clientv3.WithCompactPhysical()); err != nil {
		return fmt.Errorf("compact etcd: %w", err)
	}
	if _, err := client.Defragment(ctx, url); err != nil {
		return fmt.Errorf("defragment etcd: %w", err)
	}
	if _, err := client.AlarmDisarm(ctx, &clientv3.AlarmMember{}); err != nil {
		return fmt.Errorf("disarm etcd: %w", err)
	}
	return nil
}

// restoreEtcd takes a snapshot, lets some writes pass that it lacks, and restores it. What
// heals is what the runbook says: restart all that has read from etcd.
func restoreEtcd(ctx context.Context, l *Lab) (healing, error) {
	snapshot := filepath.Join(l.Dir(), "snapshot.db")
	if err := l.SnapshotEtcd(ctx, snapshot); err != nil {
		return nil, err
	}
	// Leases are renewed in the meantime, and kubevitals writes, too.
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(15 * time.Second):
	}
	if err := l.RestoreEtcd(ctx, snapshot); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		for _, name := range []string{cluster.APIServer, cluster.ControllerManager, cluster.Scheduler} {
			p, err := l.process(name)
			if err != nil {
				return err
			}
			if err := kill(p)(ctx); err != nil {
				return err
			}
		}
		var kubelets []*cluster.Process
		for _, k := range l.Kubelets() {
			kubelets = append(kubelets, k.Process)
		}
		return kill(kubelets...)(ctx)
	}, nil
}
