package kubeproxy

import (
	"context"
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// chainExists asks for the chain that each rule of kube-proxy's hangs on.
func chainExists(ctx context.Context) (bool, error) {
	return inEitherFamily(ctx, unix.NFT_MSG_GETCHAIN,
		netlink.Attribute{Type: unix.NFTA_CHAIN_TABLE, Data: text("nat")},
		netlink.Attribute{Type: unix.NFTA_CHAIN_NAME, Data: text("KUBE-SERVICES")})
}

func tableExists(ctx context.Context) (bool, error) {
	return inEitherFamily(ctx, unix.NFT_MSG_GETTABLE, netlink.Attribute{Type: unix.NFTA_TABLE_NAME, Data: text("kube-proxy")})
}

// text is a string as the kernel wants it.
func text(s string) []byte { return append([]byte(s), 0) }

// inEitherFamily asks the kernel for one object of nftables by its names, for IPv4
// and then for IPv6.
func inEitherFamily(ctx context.Context, kind uint16, names ...netlink.Attribute) (bool, error) {
	attributes, err := netlink.MarshalAttributes(names)
	if err != nil {
		return false, fmt.Errorf("ask for rules: %w", err)
	}
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return false, fmt.Errorf("ask for rules: %w", err)
	}
	defer func() { _ = conn.Close() }() // nothing was written
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return false, fmt.Errorf("ask for rules: %w", err)
		}
	}
	for _, family := range []byte{unix.NFPROTO_IPV4, unix.NFPROTO_IPV6} {
		header := []byte{family, unix.NFNETLINK_V0, 0, 0}
		_, err := conn.Execute(netlink.Message{
			Header: netlink.Header{Type: netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | kind), Flags: netlink.Request},
			Data:   append(header, attributes...),
		})
		switch {
		case err == nil:
			return true, nil
		case !errors.Is(err, unix.ENOENT):
			return false, fmt.Errorf("ask for rules: %w", err)
		}
	}
	return false, nil
}
