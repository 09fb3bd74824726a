//go:build linux

package realnode

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// stateDir holds what nodes have on the machine's disk, by place.
const stateDir = "/var/lib/kubevitals-lab"

// places is how many labs with real nodes a machine can have at a time.
const places = 8

// Place is a network, a folder and a cgroup that no other lab has.
type Place struct {
	number   int
	lock     *os.File
	programs string
	nodes    []*Node
}

// Reserve takes a free place, removes what an earlier lab left there, and makes its
// network. Programs is the folder with those that make builds; empty means that of
// the lab's binary.
func Reserve(ctx context.Context, programs string) (*Place, error) {
	programs = folder(programs)
	if err := built(programs); err != nil {
		return nil, err
	}
	for number := range places {
		p, err := take(number)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		p.programs = programs
		if err := p.prepare(ctx); err != nil {
			return nil, errors.Join(err, p.Release(context.WithoutCancel(ctx)))
		}
		return p, nil
	}
	return nil, fmt.Errorf("%d labs with real nodes run already", places)
}

// Clean removes what labs that run no longer have left, and returns how many there
// were.
func Clean(ctx context.Context) (int, error) {
	cleaned, errs := 0, []error{}
	for number := range places {
		if _, err := os.Stat(filepath.Join(stateDir, fmt.Sprint(number))); err != nil {
			continue
		}
		p, err := take(number)
		if err != nil {
			errs = append(errs, err)
		}
		if p != nil {
			cleaned++
			errs = append(errs, p.Release(ctx))
		}
	}
	return cleaned, errors.Join(errs...)
}

// take returns nil if a lab that lives has the place: the kernel lets go of the locks
// of those that do not.
func take(number int) (*Place, error) {
	if err := os.MkdirAll(stateDir, 0o755); err != nil {
		return nil, fmt.Errorf("place for real nodes: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(stateDir, fmt.Sprintf("%d.lock", number)), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("place for real nodes: %w", err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &Place{number: number, lock: lock}, nil
	}
	_ = lock.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("place for real nodes: %w", err)
}

func (p *Place) prepare(ctx context.Context) error {
	if err := p.clean(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(p.dir(), 0o755); err != nil {
		return fmt.Errorf("place for real nodes: %w", err)
	}
	return ip(ctx,
		"link add "+p.bridge()+" type bridge",
		fmt.Sprintf("address add %s/24 dev %s", p.Address(), p.bridge()),
		"link set "+p.bridge()+" up")
}

// Release ends the nodes, removes all that they had, and lets others have the place.
func (p *Place) Release(ctx context.Context) error {
	return errors.Join(p.end(ctx), p.lock.Close())
}

// end ends the nodes and removes all that they had.
func (p *Place) end(ctx context.Context) error {
	for _, n := range p.nodes {
		n.stop()
	}
	return p.clean(ctx)
}

// clean removes everything of the place, also processes of its nodes.
func (p *Place) clean(ctx context.Context) error {
	if _, err := net.InterfaceByName(p.bridge()); err == nil {
		if err := ip(ctx, "link delete "+p.bridge()); err != nil {
			return err
		}
	}
	// Processes that were killed leave their cgroups a moment later, or a minute where the
	// machine stalls.
	err := cluster.Eventually(ctx, time.Minute, func(context.Context) error {
		return errors.Join(endCgroup(p.cgroup()), removeCgroup(p.cgroup()))
	})
	if err != nil {
		return fmt.Errorf("cgroups of real nodes: %w", err)
	}
	if err := os.RemoveAll(p.dir()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("folder of real nodes: %w", err)
	}
	return nil
}

// Each place has 16 networks of the range for benchmarks, which is routed nowhere:
// the first is that of nodes, those that follow are of their pods, and the last 8 of
// Services.
func (p *Place) network(third, last int) net.IP {
	return net.IPv4(198, 18, byte(16*p.number+third), byte(last))
}

// Address is that of the machine in the network of nodes.
func (p *Place) Address() string { return p.network(0, 1).String() }

// ServiceNetwork is for the addresses of Services, to which the first node leads.
func (p *Place) ServiceNetwork() *net.IPNet {
	return &net.IPNet{IP: p.network(8, 0), Mask: net.CIDRMask(21, 32)}
}

// dnsAddress is that of the Service of cluster DNS.
func (p *Place) dnsAddress() string { return p.network(8, 10).String() }

func (p *Place) bridge() string { return fmt.Sprintf("kvlab%d", p.number) }

func (p *Place) cgroup() string { return fmt.Sprintf("kubevitals-lab-%d", p.number) }

func (p *Place) dir() string { return filepath.Join(stateDir, fmt.Sprint(p.number)) }

// ip runs commands of the program of that name.
func ip(ctx context.Context, commands ...string) error {
	for _, c := range commands {
		if out, err := exec.CommandContext(ctx, "ip", strings.Fields(c)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", c, err, out)
		}
	}
	return nil
}
