// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// newestMinor is the newest version of the standard that this module has: v1.newestMinor.
const newestMinor = 37

var levels = []api.Level{api.LevelBaseline, api.LevelRestricted}

// span says which checks fail in a run of versions. Versions that no span names have none.
type span struct {
	From string   `json:"from"`
	To   string   `json:"to"`
	IDs  []string `json:"ids"`
}

// judge holds upstream's evaluator twice: as it is, and with checks that give their own name as the reason. The second
// tells which checks failed, with upstream's choice of checks for a level and version; the first is what it must agree
// with.
type judge struct {
	plain, named policy.Evaluator
}

func newJudge() *judge {
	plain, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	check(err)
	checks := policy.DefaultChecks()
	for _, c := range checks {
		for i := range c.Versions {
			version := &c.Versions[i]
			if version.MinimumVersion.Minor() > newestMinor {
				exit(fmt.Sprintf("%s changes in %s: raise newestMinor", c.ID, version.MinimumVersion.String()))
			}
			inner := version.CheckPod
			version.CheckPod = func(metadata *metadata, spec *corev1.PodSpec) policy.CheckResult {
				result := inner(metadata, spec)
				result.ForbiddenReason = kebab(string(c.ID))
				return result
			}
		}
	}
	named, err := policy.NewEvaluator(checks, nil)
	check(err)
	return &judge{plain: plain, named: named}
}

// kebab turns an upstream check ID into ours: runAsNonRoot is run-as-non-root.
func kebab(id string) string {
	if id == "hostProbesAndHostLifecycle" {
		return "host-probes"
	}
	var words strings.Builder
	for _, letter := range strings.ReplaceAll(id, "_", "-") {
		if unicode.IsUpper(letter) {
			words.WriteByte('-')
		}
		words.WriteRune(unicode.ToLower(letter))
	}
	return words.String()
}

// failing returns, for each level, the checks that refuse the Pod, version by version.
func (j *judge) failing(pod *corev1.Pod) map[string][]span {
	failing := map[string][]span{}
	admitted := withDefaults(pod)
	for _, level := range levels {
		spans := []span{}
		var last []string
		for minor := range newestMinor + 1 {
			ids := j.failingAt(admitted, level, minor)
			version := versionOf(minor).String()
			switch {
			case len(ids) == 0:
			case slices.Equal(ids, last):
				spans[len(spans)-1].To = version
			default:
				spans = append(spans, span{From: version, To: version, IDs: ids})
			}
			last = ids
		}
		failing[string(level)] = spans
	}
	return failing
}

func (j *judge) failingAt(admitted *corev1.Pod, level api.Level, minor int) []string {
	at := api.LevelVersion{Level: level, Version: versionOf(minor)}
	var ids []string
	for _, result := range j.named.EvaluatePod(at, &admitted.ObjectMeta, &admitted.Spec) {
		if !result.Allowed {
			ids = append(ids, result.ForbiddenReason)
		}
	}
	aggregate := policy.AggregateCheckResults(j.plain.EvaluatePod(at, &admitted.ObjectMeta, &admitted.Spec))
	if aggregate.Allowed != (len(ids) == 0) || len(aggregate.ForbiddenReasons) != len(ids) {
		exit(fmt.Sprintf("%s: the evaluator says %v, its checks say %v", at.String(), aggregate, ids))
	}
	slices.Sort(ids)
	return ids
}

func versionOf(minor int) api.Version { return api.MajorMinorVersion(1, minor) }

// withDefaults returns the Pod as the API server hands it to admission, in what the checks read: a volume without a
// source is an emptyDir, and in the host's network every port is a host port (kubernetes pkg/apis/core/v1/defaults.go,
// SetDefaults_Volume and SetDefaults_Pod). A manifest on disk has not been through that, and is to be judged alike.
func withDefaults(pod *corev1.Pod) *corev1.Pod {
	pod = pod.DeepCopy()
	for i := range pod.Spec.Volumes {
		if pod.Spec.Volumes[i].VolumeSource == (corev1.VolumeSource{}) {
			pod.Spec.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	if !pod.Spec.HostNetwork {
		return pod
	}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, container := range containers {
			for i := range container.Ports {
				if container.Ports[i].HostPort == 0 {
					container.Ports[i].HostPort = container.Ports[i].ContainerPort
				}
			}
		}
	}
	return pod
}
