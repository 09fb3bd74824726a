// Command programs is what containers of the lab's real nodes run: the pause
// program of sandboxes, and workloads that go wrong on purpose.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const usage = "usage: programs pause | exit CODE | eat MIB | fill FILE MIB"

func main() {
	args := make([]string, 3)
	copy(args, os.Args[1:])
	number, _ := strconv.Atoi(args[1])
	switch args[0] {
	case "pause", "": // the entrypoint alone, as sandboxes are started
		pause()
	case "exit":
		fmt.Println("the program ends with", number)
		os.Exit(number)
	case "eat":
		eat(number)
		pause()
	case "fill":
		size, _ := strconv.Atoi(args[2])
		if err := fill(args[1], size); err != nil {
			fmt.Fprintln(os.Stderr, "programs:", err)
			os.Exit(1)
		}
		pause()
	default:
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
}

// pause waits for a signal to end. As the first process of a sandbox it reaps those
// that others leave behind.
func pause() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for s := range signals {
		if s != syscall.SIGCHLD {
			return
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != nil || pid <= 0 {
				break
			}
		}
	}
}

// eat takes that many MiB of memory, and writes to each page of it.
func eat(mib int) {
	var all [][]byte
	for range mib {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		all = append(all, block)
		time.Sleep(time.Millisecond)
	}
	fmt.Println(len(all), "MiB of memory are taken")
}

// fill writes that many MiB to a file.
func fill(file string, mib int) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for range mib {
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
	return f.Close()
}
