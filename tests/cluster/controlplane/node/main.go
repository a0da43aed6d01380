// SPDX-License-Identifier: Apache-2.0

// What Kubernetes runs on a node, in one program: it is kubelet or kube-proxy, by the name it is called with. Apart from
// the control plane, since most tests need no node. ../../node/build.sh makes it and its names.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

var commands = map[string]func() *cobra.Command{
	"kubelet":    func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	"kube-proxy": proxy.NewProxyCommand,
}

func main() {
	name := filepath.Base(os.Args[0])
	command, known := commands[name]
	if !known {
		fmt.Fprintf(os.Stderr, "called as %q: not a program of a node\n", name)
		os.Exit(2)
	}
	os.Exit(cli.Run(command()))
}
