// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// fixture is one file of upstream's test/testdata/<level>/<version>/{pass,fail}/<check><number>.yaml: the smallest valid
// Pods, and for each check of that level and version Pods that pass and that fail it.
type fixture struct {
	name   string
	pod    *corev1.Pod
	level  api.Level
	minor  int
	passes bool
}

func readFixtures() []fixture {
	files, err := filepath.Glob(filepath.Join(fixtureFolder(), "*", "v1.*", "*", "*.yaml"))
	check(err)
	if len(files) < 1000 {
		exit(fmt.Sprintf("only %d fixtures in %s", len(files), fixtureFolder()))
	}
	slices.Sort(files)
	var fixtures []fixture
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		pod := &corev1.Pod{}
		check(yaml.UnmarshalStrict(text, pod))
		parts := strings.Split(filepath.ToSlash(file), "/")
		parts = parts[len(parts)-4:]
		minor, err := strconv.Atoi(strings.TrimPrefix(parts[1], "v1."))
		check(err)
		fixtures = append(fixtures, fixture{
			name: strings.Join(parts, "/"), pod: pod, level: api.Level(parts[0]), minor: minor, passes: parts[2] == "pass",
		})
	}
	return fixtures
}

// fixtureFolder lies in the same copy of the module that the checks were compiled from.
func fixtureFolder() string {
	file, _ := runtime.FuncForPC(reflect.ValueOf(policy.DefaultChecks).Pointer()).FileLine(0)
	return filepath.Join(filepath.Dir(file), "..", "test", "testdata")
}

// verify ends the program when our reading of upstream's checks is not what upstream says of its own Pod.
func (f fixture) verify(j *judge) {
	failing := j.failingAt(withDefaults(f.pod), f.level, f.minor)
	if f.passes != (len(failing) == 0) {
		exit(fmt.Sprintf("%s: failing %v", f.name, failing))
	}
}
