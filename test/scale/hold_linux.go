package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// hold watches the folders DIR/0, DIR/1, ... of the argument DIR:NUMBER until its
// input ends.
func hold(argument string, in io.Reader, out io.Writer) int {
	dir, number, _ := strings.Cut(argument, ":")
	watches, err := strconv.Atoi(number)
	var fd int
	if err == nil {
		fd, err = unix.InotifyInit1(unix.IN_CLOEXEC)
	}
	for i := 0; err == nil && i < watches; i++ {
		_, err = unix.InotifyAddWatch(fd, filepath.Join(dir, strconv.Itoa(i)), unix.IN_CREATE)
	}
	if err != nil {
		_, _ = fmt.Fprintln(out, err)
		return 1
	}
	_, _ = fmt.Fprintln(out, "ready")
	_, _ = io.Copy(io.Discard, in)
	return 0
}
