//go:build !unix

package fakecluster

import (
	"fmt"
	"net"
	"strconv"
)

// reserve finds a port (0 for any) that no program listens on. Here, unlike on Unix,
// nothing keeps others from taking it.
func reserve(port int) (reservation, int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(Loopback, strconv.Itoa(port)))
	if err != nil {
		return nil, 0, fmt.Errorf("reserve port %d: %w", port, err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	return func() {}, port, l.Close()
}
