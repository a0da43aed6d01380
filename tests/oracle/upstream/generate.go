// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

type metadata = metav1.ObjectMeta

// generatePod makes a Pod that the decoder must take (names, images, at most one source a volume) and that need not be
// one the API server would: the checks are asked before and without validation. Two of three begin as a Pod that every
// version of the restricted level allows; then some of `mutations` are applied, in one of ten Pods half of them.
func generatePod(r *rand.Rand) *corev1.Pod {
	pod := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "default", Labels: map[string]string{"app": "p"}},
	}
	addContainers(r, pod)
	if chance(r, 66) {
		harden(r, pod)
	}
	if chance(r, 10) {
		for _, mutate := range mutations {
			if chance(r, 50) {
				mutate(r, pod)
			}
		}
		return pod
	}
	for range r.IntN(8) {
		mutations[r.IntN(len(mutations))](r, pod)
	}
	return pod
}

func addContainers(r *rand.Rand, pod *corev1.Pod) {
	spec := &pod.Spec
	for i := range r.IntN(3) {
		container := corev1.Container{Name: fmt.Sprintf("init-%d", i), Image: "registry.k8s.io/pause:3.10"}
		if chance(r, 40) {
			container.RestartPolicy = pointer(pick(r, corev1.ContainerRestartPolicyAlways,
				corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyNever, ""))
		}
		spec.InitContainers = append(spec.InitContainers, container)
	}
	for i := range 1 + r.IntN(3) {
		spec.Containers = append(spec.Containers, corev1.Container{
			Name: fmt.Sprintf("web-%d", i), Image: "registry.k8s.io/pause@sha256:" + fmt.Sprintf("%064d", i),
			Command: []string{"sh", "-c", "echo \"a\tb\" \\ \u00e9 </script>"},
		})
	}
	if chance(r, 30) {
		spec.EphemeralContainers = append(spec.EphemeralContainers, corev1.EphemeralContainer{
			EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "busybox"},
			TargetContainerName:      "web-0",
		})
	}
}

// harden sets what the restricted level asks for, of the Pod or of each container.
func harden(r *rand.Rand, pod *corev1.Pod) {
	if chance(r, 7) {
		pod.Spec.OS = &corev1.PodOS{Name: corev1.Windows}
	}
	shared := podContext(pod)
	ofPod := r.IntN(4)
	profile := pick(r, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeLocalhost)
	if ofPod&1 != 0 {
		shared.RunAsNonRoot = pointer(true)
	}
	if ofPod&2 != 0 {
		shared.SeccompProfile = &corev1.SeccompProfile{Type: profile}
	}
	for _, container := range containersOf(pod) {
		own := context(container)
		own.AllowPrivilegeEscalation = pointer(false)
		own.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
		if ofPod&1 == 0 || chance(r, 10) {
			own.RunAsNonRoot = pointer(true)
		}
		if ofPod&2 == 0 || chance(r, 10) {
			own.SeccompProfile = &corev1.SeccompProfile{Type: profile}
		}
	}
}

// containersOf returns every container of every kind, to be changed in place.
func containersOf(pod *corev1.Pod) []*corev1.Container {
	var containers []*corev1.Container
	for i := range pod.Spec.InitContainers {
		containers = append(containers, &pod.Spec.InitContainers[i])
	}
	for i := range pod.Spec.Containers {
		containers = append(containers, &pod.Spec.Containers[i])
	}
	for i := range pod.Spec.EphemeralContainers {
		containers = append(containers, (*corev1.Container)(&pod.Spec.EphemeralContainers[i].EphemeralContainerCommon))
	}
	return containers
}

func anyContainer(r *rand.Rand, pod *corev1.Pod) *corev1.Container {
	return pick(r, containersOf(pod)...)
}

func podContext(pod *corev1.Pod) *corev1.PodSecurityContext {
	if pod.Spec.SecurityContext == nil {
		pod.Spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	return pod.Spec.SecurityContext
}

func context(container *corev1.Container) *corev1.SecurityContext {
	if container.SecurityContext == nil {
		container.SecurityContext = &corev1.SecurityContext{}
	}
	return container.SecurityContext
}

func annotate(pod *corev1.Pod, key, value string) {
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations[key] = value
}

func pointer[T any](value T) *T { return &value }

func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// maybe returns one of the choices, or nil for a field that is not set.
func maybe[T any](r *rand.Rand, choices ...T) *T {
	if i := r.IntN(len(choices) + 1); i < len(choices) {
		return &choices[i]
	}
	return nil
}

// some returns up to three of the choices, with repetition.
func some[T any](r *rand.Rand, choices ...T) []T {
	var list []T
	for range r.IntN(4) {
		list = append(list, pick(r, choices...))
	}
	return list
}

// nameInPod returns a container's name, or something that is none.
func nameInPod(r *rand.Rand, pod *corev1.Pod) string {
	if chance(r, 85) {
		return anyContainer(r, pod).Name
	}
	return pick(r, "", "web", "web-0/x", "WEB-0", "other")
}

// anyVolume has one source of any kind that this version of the API knows, or none.
func anyVolume(r *rand.Rand, name string) corev1.Volume {
	volume := corev1.Volume{Name: name}
	source := reflect.ValueOf(&volume.VolumeSource).Elem()
	if i := r.IntN(source.NumField() + 1); i < source.NumField() {
		source.Field(i).Set(reflect.New(source.Field(i).Type().Elem()))
	}
	if volume.HostPath != nil {
		volume.HostPath.Path = pick(r, "/", "", "/var/run/docker.sock")
	}
	if volume.EmptyDir != nil && chance(r, 50) {
		volume.EmptyDir.SizeLimit = pointer(resource.MustParse("1Gi"))
	}
	return volume
}

func anyHandler(r *rand.Rand) (*corev1.HTTPGetAction, *corev1.TCPSocketAction) {
	hosts := []string{"", "", "127.0.0.1", "localhost", "::1", " ", "bad.host"}
	var get *corev1.HTTPGetAction
	var socket *corev1.TCPSocketAction
	kind := r.IntN(4)
	if kind&1 != 0 {
		get = &corev1.HTTPGetAction{Path: "/", Port: intstr.FromString("http"), Host: pick(r, hosts...)}
	}
	if kind&2 != 0 {
		socket = &corev1.TCPSocketAction{Port: intstr.FromInt32(80), Host: pick(r, hosts...)}
	}
	return get, socket
}

func anyProbe(r *rand.Rand) *corev1.Probe {
	probe := &corev1.Probe{PeriodSeconds: 5}
	probe.HTTPGet, probe.TCPSocket = anyHandler(r)
	if chance(r, 20) {
		probe.Exec = &corev1.ExecAction{Command: []string{"true"}}
	}
	return probe
}

func anyLifecycleHandler(r *rand.Rand) *corev1.LifecycleHandler {
	if chance(r, 25) {
		return nil
	}
	handler := &corev1.LifecycleHandler{}
	handler.HTTPGet, handler.TCPSocket = anyHandler(r)
	return handler
}
