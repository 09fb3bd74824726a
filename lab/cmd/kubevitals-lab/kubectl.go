package main

import (
	"os"
	"path/filepath"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

// kubectlName is how kubectl is called: as the first argument, or by a link of
// that name to this binary. It is of the version of the control plane.
const kubectlName = "kubectl"

func calledAsKubectl() bool { return filepath.Base(os.Args[0]) == kubectlName }

// kubectl is the whole program; it reads os.Args, and ends the process on an error.
func kubectl() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
