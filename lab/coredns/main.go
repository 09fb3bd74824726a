// Command coredns is CoreDNS with the plugins that a cluster's DNS is made of.
package main

import (
	"io"
	"os"

	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"

	"github.com/coredns/coredns/coremain"
)

// lifelineEnv says that file 3 is a pipe which the lab holds open for as long as
// it lives; the constant of that name in lab/cluster has the same value.
const lifelineEnv = "KUBEVITALS_LAB_LIFELINE"

func main() {
	if os.Getenv(lifelineEnv) != "" {
		lifeline := os.NewFile(3, "lifeline")
		go func() {
			_, _ = io.Copy(io.Discard, lifeline)
			os.Exit(1)
		}()
	}
	coremain.Run()
}
