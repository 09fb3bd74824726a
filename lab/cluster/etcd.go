package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	clientsnapshot "go.etcd.io/etcd/client/v3/snapshot"
	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"
)

// EtcdURL is where etcd serves its clients, in the clear.
func (c *Cluster) EtcdURL() string { return c.etcdURL() }

func (c *Cluster) etcdConfig() clientv3.Config {
	return clientv3.Config{Endpoints: []string{c.etcdURL()}, DialTimeout: 5 * time.Second, Logger: zap.NewNop()}
}

// SnapshotEtcd saves a snapshot, as etcdctl snapshot save does.
func (c *Cluster) SnapshotEtcd(ctx context.Context, file string) error {
	if _, err := clientsnapshot.SaveWithVersion(ctx, zap.NewNop(), c.etcdConfig(), file); err != nil {
		return fmt.Errorf("snapshot etcd: %w", err)
	}
	return nil
}

// RestoreEtcd kills etcd, restores the snapshot as etcdutl snapshot restore does
// by default, and starts etcd on it. Nobody else is restarted.
func (c *Cluster) RestoreEtcd(ctx context.Context, file string) error {
	etcd, data := c.processes[Etcd], filepath.Join(c.options.Dir, "etcd")
	etcd.Kill()
	if err := os.RemoveAll(data); err != nil {
		return fmt.Errorf("restore etcd: %w", err)
	}
	peer := fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcdPeer)
	err := snapshot.NewV3(zap.NewNop()).Restore(snapshot.RestoreConfig{
		SnapshotPath: file, Name: "lab", OutputDataDir: data,
		PeerURLs: []string{peer}, InitialCluster: "lab=" + peer, InitialClusterToken: "restored",
	})
	if err != nil {
		return fmt.Errorf("restore etcd: %w", err)
	}
	return etcd.Start(ctx)
}

// CompactEtcd drops all history before the present revision.
func (c *Cluster) CompactEtcd(ctx context.Context) error {
	client, err := clientv3.New(c.etcdConfig())
	if err != nil {
		return fmt.Errorf("compact etcd: %w", err)
	}
	defer func() { _ = client.Close() }()
	now, err := client.Get(ctx, "compaction")
	if err != nil {
		return fmt.Errorf("compact etcd: %w", err)
	}
	if _, err := client.Compact(ctx, now.Header.Revision, clientv3.WithCompactPhysical()); err != nil {
		return fmt.Errorf("compact etcd: %w", err)
	}
	return nil
}
