//go:build unix

package fakecluster

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// reserve takes a port (0 for any) without listening on it: connections are
// refused, and no other program can listen there.
func reserve(port int) (reservation, int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("reserve a port: %w", os.NewSyscallError("socket", err))
	}
	syscall.CloseOnExec(fd)
	r := func() { _ = syscall.Close(fd) }
	// As for listeners: connections of the port's former owner may linger.
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		r()
		return nil, 0, fmt.Errorf("reserve a port: %w", os.NewSyscallError("setsockopt", err))
	}
	loopback := &syscall.SockaddrInet4{Port: port, Addr: [4]byte(net.ParseIP(Loopback).To4())}
	if err := syscall.Bind(fd, loopback); err != nil {
		r()
		return nil, 0, fmt.Errorf("reserve port %d: %w", port, os.NewSyscallError("bind", err))
	}
	// Having it, do not share it: Linux lets sockets that all reuse an address
	// bind it together.
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 0); err != nil {
		r()
		return nil, 0, fmt.Errorf("reserve port %d: %w", port, os.NewSyscallError("setsockopt", err))
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		r()
		return nil, 0, fmt.Errorf("reserve port %d: %w", port, os.NewSyscallError("getsockname", err))
	}
	return r, name.(*syscall.SockaddrInet4).Port, nil
}
