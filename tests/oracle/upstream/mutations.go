// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

type mutation func(*rand.Rand, *corev1.Pod)

// Values that are allowed, forbidden, and nearly one or the other: another case, an empty string, the words of the
// annotation in the field.
var (
	capabilities = []corev1.Capability{
		"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
		"SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "NET_BIND_SERVICE", "NET_RAW", "SYS_ADMIN", "CAP_SYS_ADMIN",
		"CAP_CHOWN", "CAP_NET_BIND_SERVICE", "net_bind_service", "chown", "ALL", "all", "All", "CAP_ALL", "", " ALL",
	}
	sysctls = []string{
		"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
		"net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports",
		"net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
		"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat", "net/ipv4/tcp_rmem", "net.ipv4.tcp_mem",
		"net.ipv4.TCP_RMEM", "kernel.msgmax", "", "net.ipv4.tcp_rmem ",
	}
	seccompTypes = []corev1.SeccompProfileType{
		"RuntimeDefault", "Localhost", "RuntimeDefault", "Localhost", "Unconfined", "", "runtime/default", "localhost",
		"runtimeDefault",
	}
	appArmorTypes = []corev1.AppArmorProfileType{
		"RuntimeDefault", "Localhost", "Unconfined", "", "unconfined", "localhost/x", "runtime/default",
	}
	// Of both kinds of annotation.
	annotationValues = []string{
		"runtime/default", "docker/default", "localhost/x", "localhost/", "localhost", "unconfined", "", "RuntimeDefault",
		"runtime/default ", "Localhost/x", "runtime/default\n",
	}
	seLinuxTypes = []string{
		"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t", "spc_t", "Container_t",
	}
	procMounts = []corev1.ProcMountType{"Default", "Unmasked", "Unmasked", "", "default", "unmasked"}
	users      = []int64{0, 0, 1, 1000, -1, 2147483647, 9223372036854775807}
)

// mutations each change one field that some check reads, or one that none does.
var mutations = []mutation{
	func(r *rand.Rand, pod *corev1.Pod) { pod.Spec.HostNetwork = chance(r, 70) },
	func(r *rand.Rand, pod *corev1.Pod) { pod.Spec.HostPID = chance(r, 70) },
	func(r *rand.Rand, pod *corev1.Pod) { pod.Spec.HostIPC = chance(r, 70) },
	func(r *rand.Rand, pod *corev1.Pod) { pod.Spec.HostUsers = maybe(r, true, false, false) },
	func(r *rand.Rand, pod *corev1.Pod) {
		pod.Spec.OS = &corev1.PodOS{Name: pick[corev1.OSName](r, "linux", "windows", "windows", "", "Windows", "plan9")}
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		context(anyContainer(r, pod)).Privileged = maybe(r, true, true, true, false)
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		context(anyContainer(r, pod)).AllowPrivilegeEscalation = maybe(r, true, false)
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		context(anyContainer(r, pod)).Capabilities =
			&corev1.Capabilities{Add: some(r, capabilities...), Drop: some(r, capabilities...)}
	},
	func(r *rand.Rand, pod *corev1.Pod) { // what is added beside a proper drop
		context(anyContainer(r, pod)).Capabilities =
			&corev1.Capabilities{Add: some(r, capabilities...), Drop: append(some(r, capabilities...), "ALL")}
	},
	func(r *rand.Rand, pod *corev1.Pod) { context(anyContainer(r, pod)).Capabilities = nil },
	func(r *rand.Rand, pod *corev1.Pod) { context(anyContainer(r, pod)).ProcMount = maybe(r, procMounts...) },
	func(r *rand.Rand, pod *corev1.Pod) { context(anyContainer(r, pod)).ProcMount = maybe(r, procMounts...) },
	func(r *rand.Rand, pod *corev1.Pod) {
		context(anyContainer(r, pod)).SeccompProfile = &corev1.SeccompProfile{Type: pick(r, seccompTypes...)}
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		podContext(pod).SeccompProfile = &corev1.SeccompProfile{Type: pick(r, seccompTypes...)}
	},
	func(r *rand.Rand, pod *corev1.Pod) { context(anyContainer(r, pod)).SeccompProfile = nil },
	func(r *rand.Rand, pod *corev1.Pod) { podContext(pod).SeccompProfile = nil },
	func(r *rand.Rand, pod *corev1.Pod) {
		annotate(pod, pick(r, "seccomp.security.alpha.kubernetes.io/pod", "seccomp.security.alpha.kubernetes.io/pod",
			"seccomp.security.alpha.kubernetes.io/Pod"), pick(r, annotationValues...))
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		annotate(pod, "container.seccomp.security.alpha.kubernetes.io/"+nameInPod(r, pod), pick(r, annotationValues...))
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		annotate(pod, pick(r, "container.apparmor.security.beta.kubernetes.io/",
			"container.apparmor.security.beta.kubernetes.io/", "apparmor.security.beta.kubernetes.io/",
			"container.apparmor.security.beta.kubernetes.io")+nameInPod(r, pod), pick(r, annotationValues...))
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		context(anyContainer(r, pod)).AppArmorProfile = &corev1.AppArmorProfile{Type: pick(r, appArmorTypes...)}
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		podContext(pod).AppArmorProfile = &corev1.AppArmorProfile{Type: pick(r, appArmorTypes...)}
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		context(anyContainer(r, pod)).SELinuxOptions = anySELinuxOptions(r)
	},
	func(r *rand.Rand, pod *corev1.Pod) { podContext(pod).SELinuxOptions = anySELinuxOptions(r) },
	func(r *rand.Rand, pod *corev1.Pod) {
		for range 1 + r.IntN(3) {
			podContext(pod).Sysctls = append(podContext(pod).Sysctls, corev1.Sysctl{Name: pick(r, sysctls...), Value: "1"})
		}
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		container := anyContainer(r, pod)
		for range 1 + r.IntN(2) {
			container.Ports = append(container.Ports, corev1.ContainerPort{
				ContainerPort: pick[int32](r, 0, 80, 8080, 65535), HostPort: pick[int32](r, 0, 0, 0, 1, 80, 65535, -1),
			})
		}
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		for range 1 + r.IntN(3) {
			pod.Spec.Volumes = append(pod.Spec.Volumes, anyVolume(r, "v"+string(rune('a'+len(pod.Spec.Volumes)))))
		}
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		source := corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: pick(r, "/", "", "/etc")}}
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "host", VolumeSource: source})
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		container := anyContainer(r, pod)
		*pick(r, &container.LivenessProbe, &container.ReadinessProbe, &container.StartupProbe) = anyProbe(r)
	},
	func(r *rand.Rand, pod *corev1.Pod) {
		anyContainer(r, pod).Lifecycle =
			&corev1.Lifecycle{PostStart: anyLifecycleHandler(r), PreStop: anyLifecycleHandler(r)}
	},
	func(r *rand.Rand, pod *corev1.Pod) { context(anyContainer(r, pod)).RunAsUser = maybe(r, users...) },
	func(r *rand.Rand, pod *corev1.Pod) { podContext(pod).RunAsUser = maybe(r, users...) },
	func(r *rand.Rand, pod *corev1.Pod) { podContext(pod).RunAsUser = maybe(r, users...) },
	func(r *rand.Rand, pod *corev1.Pod) {
		context(anyContainer(r, pod)).RunAsNonRoot = maybe(r, true, false)
	},
	func(r *rand.Rand, pod *corev1.Pod) { podContext(pod).RunAsNonRoot = maybe(r, true, false) },
	func(r *rand.Rand, pod *corev1.Pod) {
		context(anyContainer(r, pod)).WindowsOptions = anyWindowsOptions(r)
	},
	func(r *rand.Rand, pod *corev1.Pod) { podContext(pod).WindowsOptions = anyWindowsOptions(r) },
	func(r *rand.Rand, pod *corev1.Pod) { anyContainer(r, pod).SecurityContext = nil },
	func(r *rand.Rand, pod *corev1.Pod) { pod.Spec.SecurityContext = nil },
	func(r *rand.Rand, pod *corev1.Pod) { // what no check reads
		container := anyContainer(r, pod)
		context(container).ReadOnlyRootFilesystem = maybe(r, true, false)
		container.Resources.Limits = corev1.ResourceList{"memory": resource.MustParse("512Mi")}
		container.Env = []corev1.EnvVar{{Name: "A", Value: "b"}}
		container.VolumeMounts = []corev1.VolumeMount{{Name: "va", MountPath: "/tmp"}}
		pod.Spec.ServiceAccountName = "x"
	},
}

func anySELinuxOptions(r *rand.Rand) *corev1.SELinuxOptions {
	return &corev1.SELinuxOptions{
		Type: pick(r, seLinuxTypes...), User: pick(r, "", "", "", "system_u"), Role: pick(r, "", "", "", "system_r"),
		Level: pick(r, "", "s0:c1,c2"),
	}
}

func anyWindowsOptions(r *rand.Rand) *corev1.WindowsSecurityContextOptions {
	return &corev1.WindowsSecurityContextOptions{
		HostProcess: maybe(r, true, true, false), RunAsUserName: maybe(r, "ContainerAdministrator", "", "ContainerUser"),
	}
}
