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

func (c *Cluster) etcdConfig() clientv3.Config {
	return clientv3.Config{Endpoints: []string{c.EtcdURL()}, DialTimeout: 5 * time.Second, Logger: zap.NewNop()}
}

// SnapshotEtcd saves a snapshot, as etcdctl snapshot save does.
func (c *Cluster) SnapshotEtcd(ctx context.Context, file string) error {
	if _, err := clientsnapshot.SaveWithVersion(ctx, zap.NewNop(), c.etcdConfig(), file); err != nil {
		return fmt.Errorf("snapshot etcd: %w", err)
	}
	return nil
}

// RestoreEtcd kills etcd, restores the snapshot as etcdutl snapshot restore does
// by default, and starts etcd on it. Nothing else is restarted.
func (c *Cluster) RestoreEtcd(ctx context.Context, file string) error {
	etcd, data := c.processes[Etcd], filepath.Join(c.options.Dir, "etcd")
	etcd.Kill()
	if err := os.RemoveAll(data); err != nil {
		return fmt.Errorf("restore etcd: %w", err)
	}
	if err := c.restore(file, data); err != nil {
		return err
	}
	return etcd.Start(ctx)
}

func (c *Cluster) restore(file, data string) error {
	peer := fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcdPeer)
	err := snapshot.NewV3(zap.NewNop()).Restore(snapshot.RestoreConfig{
		SnapshotPath: file, Name: "lab", OutputDataDir: data,
		PeerURLs: []string{peer}, InitialCluster: "lab=" + peer, InitialClusterToken: "restored",
	})
	if err != nil {
		return fmt.Errorf("restore etcd: %w", err)
	}
	return nil
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

// StartEtcd starts an etcd of its own, beside that of a cluster, and returns it
// with its address for clients. The caller kills it.
func StartEtcd(ctx context.Context, binary, dir string, args ...string) (*Process, string, error) {
	return startEtcd(ctx, binary, dir, "", args...)
}

// StartRestoredEtcd is StartEtcd with the content of a snapshot.
func StartRestoredEtcd(ctx context.Context, binary, dir, snapshot string) (*Process, string, error) {
	return startEtcd(ctx, binary, dir, snapshot)
}

func startEtcd(ctx context.Context, binary, dir, snapshot string, args ...string) (*Process, string, error) {
	free, err := FreePorts(ctx, 2)
	if err != nil {
		return nil, "", err
	}
	c := &Cluster{options: Options{Dir: dir}, ports: ports{etcd: free[0], etcdPeer: free[1]}}
	if snapshot != "" {
		if err := c.restore(snapshot, filepath.Join(dir, "etcd")); err != nil {
			return nil, "", err
		}
	}
	arguments := append([]string{Etcd}, c.etcdArgs(filepath.Join(dir, "etcd"))...)
	p := newProcess(binary, dir, Etcd, append(arguments, args...), c.etcdReady)
	if err := p.Start(ctx); err != nil {
		p.Kill()
		return nil, "", err
	}
	return p, c.EtcdURL(), nil
}
