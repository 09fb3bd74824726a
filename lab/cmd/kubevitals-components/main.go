// Command kubevitals-components is the components of a control plane in one binary and
// nothing else, to be compiled against an older Kubernetes than the lab itself:
// the lab starts them instead of its own. See package compat.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/kubevitals/kubevitals/lab/components"
)

func main() {
	if len(os.Args) < 2 {
		_, _ = fmt.Fprintln(os.Stderr, "usage: kubevitals-components COMPONENT [flags]")
		os.Exit(2)
	}
	components.EndWithParent()
	code, known := components.Run(context.Background(), os.Args[1], os.Args[2:])
	if !known {
		_, _ = fmt.Fprintf(os.Stderr, "kubevitals-components: unknown component %q\n", os.Args[1])
		code = 2
	}
	os.Exit(code)
}
