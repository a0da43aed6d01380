// SPDX-License-Identifier: Apache-2.0

// Command oracle tells what Kubernetes' own Pod Security Standards code makes of Pods: one JSON object a line, with a
// Pod as a Go client would send it and, for both levels, the checks that fail in each version. Another process compares
// them with ours; nothing here knows ours. Tested by being used: ../oracle_test.cc.
//
//	oracle generate --seed N --count M   M Pods made from the seed N: the same seed gives the same lines
//	oracle fixtures                      the Pods that upstream tests its own checks with
//	oracle sarif-schema                  the published JSON Schema of SARIF 2.1.0
//	oracle manifests --seed N --count M  texts, and what sigs.k8s.io/yaml makes of them
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"

	corev1 "k8s.io/api/core/v1"
)

// line is what is written for one Pod.
type line struct {
	Origin  string            `json:"origin"` // where the Pod came from, for whoever reads a difference
	Pod     *corev1.Pod       `json:"pod"`
	Failing map[string][]span `json:"failing"` // by level
}

func main() {
	if len(os.Args) < 2 {
		exit("usage: oracle generate | fixtures | sarif-schema | manifests [--seed N --count M]")
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	judge := newJudge()
	write := func(origin string, pod *corev1.Pod) {
		encoded, err := json.Marshal(line{Origin: origin, Pod: pod, Failing: judge.failing(pod)})
		check(err)
		out.Write(append(encoded, '\n'))
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	seed := flags.Uint64("seed", 1, "the same seed makes the same Pods or texts")
	count := flags.Int("count", 1000, "how many")
	check(flags.Parse(os.Args[2:]))
	switch os.Args[1] {
	case "generate":
		for i := range *count {
			// Each Pod from its own generator: number i of a seed does not depend on how the others were made.
			random := rand.New(rand.NewPCG(*seed, uint64(i)))
			write(fmt.Sprintf("seed %d, Pod %d", *seed, i), generatePod(random))
		}
	case "fixtures":
		for _, fixture := range readFixtures() {
			fixture.verify(judge)
			write(fixture.name, fixture.pod)
		}
	case "sarif-schema":
		printSarifSchema()
	case "manifests":
		encoder := json.NewEncoder(out)
		for _, scalar := range trickyScalars {
			check(encoder.Encode(readManifest("k: " + scalar + "\n")))
			check(encoder.Encode(readManifest(scalar + ": v\n")))
		}
		for i := range *count {
			random := rand.New(rand.NewPCG(*seed, uint64(i)))
			check(encoder.Encode(readManifest(generateManifest(random))))
		}
	default:
		exit("no subcommand " + os.Args[1])
	}
	check(out.Flush())
}

func exit(message string) {
	fmt.Fprintln(os.Stderr, "oracle: "+message)
	os.Exit(2)
}

func check(err error) {
	if err != nil {
		exit(err.Error())
	}
}
