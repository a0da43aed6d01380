# SPDX-License-Identifier: Apache-2.0
"""A control plane with one real node that runs Pods: kubelet, containerd and kube-proxy, built by node/build.sh, and the
distribution's runc. All of it, the test included, is in network, mount and process namespaces of its own: nothing of it
outlives the test, and nothing of the machine is changed but a cgroup that is removed. Not a test itself."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import zlib

from container_image import write_image
from control_plane import ROOT, ControlPlane
from name_server import NameServer
from processes import wait_for

PROGRAMS = pathlib.Path(os.environ.get("NODE", ROOT / "build" / "node"))
ADDRESS = "10.250.0.1"  # of the node, in its own network
SERVICE_ADDRESS = "10.96.0.1"  # of the Service `kubernetes`
CGROUP = f"tidewaiter-node-{zlib.crc32(bytes(PROGRAMS.resolve())):08x}"  # another in each work tree
CONTAINERD = "/run/containerd/containerd.sock"
_MARK = "TIDEWAITER_TEST_NAMESPACES"
# What kubelet sets for the whole machine. It finds these values there, and leaves the machine's alone.
SYSCTLS = {"vm/overcommit_memory": 1, "vm/panic_on_oom": 0, "kernel/panic": 10, "kernel/panic_on_oops": 1,
           "kernel/keys/root_maxkeys": 1000000, "kernel/keys/root_maxbytes": 25000000}

CONTAINERD_CONFIG = f"""
version = 3
root = '/run/containerd-data'
state = '/run/containerd'
disabled_plugins = ['io.containerd.internal.v1.opt']  # it makes a folder in /opt
[grpc]
  address = '{CONTAINERD}'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'localhost/pause:1'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true  # a test may not be let off the kernel's out-of-memory killer
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    BinaryName = '@RUNC@'
    SystemdCgroup = false
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['{PROGRAMS}/cni']
  conf_dir = '@FOLDER@/cni'
"""
NETWORK = {"cniVersion": "1.0.0", "name": "pods", "plugins": [
    {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True,
     "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": "10.244.0.0/24"}]],
              "routes": [{"dst": "0.0.0.0/0"}]}}]}


def run_in_namespaces():
    """Has this program go on as the first process of namespaces of its own, which end with it. To be called first."""
    if os.environ.get(_MARK):
        return
    command = ["unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
               sys.executable, "-B", *sys.argv]
    if os.geteuid() != 0:
        command = ["sudo", "--preserve-env", f"PATH={os.environ['PATH']}", f"{_MARK}=1", *command]
    os.environ[_MARK] = "1"
    os.execvp(command[0], command)


def _command(*arguments):
    done = subprocess.run([str(each) for each in arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def _find_program(name, package):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not path:
        raise FileNotFoundError(f"{name}: a node needs it; Debian's package {package} has it")
    return path


class _Cgroups:
    """The cgroup that all Pods are in, in every hierarchy (version 1) or in the one (version 2)."""

    def __init__(self):
        root = pathlib.Path("/sys/fs/cgroup")
        self.folders = [root / CGROUP]
        if not (root / "cgroup.controllers").exists():
            self.folders = [folder / CGROUP for folder in root.iterdir()
                            if not folder.is_symlink() and (folder / "cgroup.procs").exists()]
        self.remove()  # what a test that was killed has left
        for folder in self.folders:
            folder.mkdir()
            for each in ("cpuset.cpus", "cpuset.mems"):  # empty at first in version 1, and then nothing can run there
                if not (root / "cgroup.controllers").exists() and (folder / each).exists():
                    (folder / each).write_text((folder.parent / each).read_text())

    def _read_processes(self):
        for folder in self.folders:
            for file in folder.rglob("cgroup.procs"):
                yield from (int(line) for line in file.read_text().split() if line != "0")

    def kill(self):
        """Ends all processes of Pods."""
        def is_empty():
            processes = set(self._read_processes())
            for each in processes:
                try:
                    os.kill(each, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return not processes
        wait_for(is_empty, "the processes of Pods end")

    def remove(self):
        for folder in self.folders:
            for each in sorted(folder.rglob("*/"), key=lambda path: -len(path.parts)) if folder.exists() else ():
                each.rmdir()
            if folder.exists():
                folder.rmdir()


class Node(ControlPlane):
    """Ready for Pods after construction. `run_in_namespaces` must have been called."""

    USERS = {**ControlPlane.USERS, "kubelet": ("system:node:node1", "system:nodes"),
             "kube-proxy": ("system:kube-proxy",), "kubelet-client": ("kube-apiserver-kubelet-client", "system:masters")}
    SERVER_NAMES = (*ControlPlane.SERVER_NAMES, f"IP:{ADDRESS}", f"IP:{SERVICE_ADDRESS}")

    def __init__(self):
        if not os.environ.get(_MARK) or os.getpid() != 1:
            raise RuntimeError("a node needs run_in_namespaces() first")
        if not (PROGRAMS / "stamp").exists():
            raise FileNotFoundError(f"{PROGRAMS}: the node is not built; tests/cluster/node/build.sh FOLDER does it")
        self._cgroups = self._name_server = None
        self._make_mounts()
        self._make_network()
        super().__init__(apiserver_flags=lambda self: [
            "--bind-address=0.0.0.0", f"--advertise-address={ADDRESS}", "--endpoint-reconciler-type=lease",
            "--authorization-mode=Node", "--enable-admission-plugins=NodeRestriction",
            f"--kubelet-certificate-authority={self.authority.certificate}",
            f"--kubelet-client-certificate={self.folder}/certificates/kubelet-client.crt",
            f"--kubelet-client-key={self.folder}/certificates/kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP"])

    @staticmethod
    def _make_mounts():
        for folder in ("/run", "/var/lib", "/var/log"):
            _command("mount", "-t", "tmpfs", "tmpfs", folder)
        for name, value in SYSCTLS.items():
            file = pathlib.Path("/run/sysctl", name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{value}\n")
            _command("mount", "--bind", file, f"/proc/sys/{name}")
        _command("mount", "--make-rshared", "/")  # containerd mounts what kubelet sees

    @staticmethod
    def _make_network():
        ip = _find_program("ip", "iproute2")
        for line in ("link set lo up", "link add node0 type veth peer name outside", f"address add {ADDRESS}/24 dev node0",
                     "link set node0 up", "link set outside up", "route add default via 10.250.0.254 dev node0"):
            _command(ip, *line.split())
        pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")  # of this network namespace

    def _start(self):
        super()._start()
        self._cgroups = _Cgroups()
        certificates = self.folder / "certificates"
        (self.folder / "cni").mkdir()
        (self.folder / "cni" / "10-pods.conflist").write_text(json.dumps(NETWORK))
        (self.folder / "containerd.toml").write_text(CONTAINERD_CONFIG.replace("@FOLDER@", str(self.folder))
                                                     .replace("@RUNC@", _find_program("runc", "runc")))
        _find_program("nft", "nftables")  # of kube-proxy
        os.environ["PATH"] = f"{PROGRAMS}:{os.environ['PATH']}:/usr/sbin:/sbin"  # containerd looks for its shim there
        self._run("containerd", "--config", self.folder / "containerd.toml", programs=PROGRAMS)
        wait_for(lambda: self.ctr("version", check=False).returncode == 0, "containerd answers")
        write_image(self.folder / "pause.tar", "localhost/pause:1", {"pause": PROGRAMS / "pause"}, ["/pause"])
        self.import_image(self.folder / "pause.tar")
        self.authority.issue_server("kubelet-server", f"IP:{ADDRESS}")
        self._run("kubelet", "--config", self._write("kubelet.json", {
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "address": ADDRESS,
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                               "x509": {"clientCAFile": str(self.authority.certificate)}},
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(certificates / "kubelet-server.crt"),
            "tlsPrivateKeyFile": str(certificates / "kubelet-server.key"),
            "cgroupRoot": f"/{CGROUP}", "cgroupDriver": "cgroupfs", "failCgroupV1": False, "failSwapOn": False,
            "clusterDomain": "cluster.local", "clusterDNS": [ADDRESS], "resolvConf": "",
            "containerRuntimeEndpoint": f"unix://{CONTAINERD}", "podLogsDir": "/run/pod-logs",
            # However full the machine's disk is.
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "0%", "nodefs.inodesFree": "0%",
                             "imagefs.available": "0%"},
            "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
        }), f"--kubeconfig={self.folder}/kubelet.kubeconfig", "--root-dir=/var/lib/kubelet", "--hostname-override=node1",
            f"--node-ip={ADDRESS}", programs=PROGRAMS)
        self._run("kube-proxy", "--config", self._write("kube-proxy.json", {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "nftables",
            "clientConnection": {"kubeconfig": f"{self.folder}/kube-proxy.kubeconfig"}, "clusterCIDR": "10.244.0.0/16",
            "hostnameOverride": "node1", "healthzBindAddress": "127.0.0.1:10256", "metricsBindAddress": "127.0.0.1:10249",
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        }), programs=PROGRAMS)
        self._name_server = NameServer(ADDRESS, self._find_service)
        wait_for(self._is_node_ready, "the node is ready")

    def _find_service(self, namespace, name):
        service = self.get(f"/api/v1/namespaces/{namespace}/services/{name}")
        self.disconnect()  # the name server's thread ends before the API server
        return service["spec"]["clusterIP"] if service else None

    def _write(self, name, document):
        (self.folder / name).write_text(json.dumps(document, indent=1))
        return self.folder / name

    def _is_node_ready(self):
        for name in ("containerd", "kubelet", "kube-proxy"):
            if not self._processes[name].is_running():
                raise AssertionError(f"{name} ended by itself:\n{self._processes[name].read_log()}")
        node = self.get("/api/v1/nodes/node1") or {}
        return any(each["type"] == "Ready" and each["status"] == "True" for each in node.get("status", {}).get("conditions", ()))

    def stop(self):
        for name in ("kube-proxy", "kubelet"):  # first, so that no Pod is started again
            if name in self._processes:
                self._processes.pop(name).stop()
        if self._cgroups:
            self._cgroups.kill()
        if self._name_server:
            self._name_server.stop()
            self._name_server = None
        super().stop()
        if self._cgroups:
            wait_for(self._try_to_remove_cgroups, "the cgroups of Pods can be removed")
            self._cgroups = None

    def _try_to_remove_cgroups(self):
        try:
            self._cgroups.remove()
            return True
        except OSError:  # the kernel is still at it
            return False

    # ---- using it

    def ctr(self, *arguments, check=True):
        """containerd's own command, for the images and containers of Kubernetes."""
        done = subprocess.run([PROGRAMS / "ctr", "--address", CONTAINERD, "--namespace", "k8s.io", *map(str, arguments)],
                              capture_output=True, text=True, timeout=60, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"ctr {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
        return done

    def read_memory(self, cgroup):
        """Bytes in use in this cgroup, without what the kernel can drop at once: as kubelet counts for limits."""
        root = pathlib.Path("/sys/fs/cgroup")
        folder = root / "memory" if (root / "memory").exists() else root
        folder /= cgroup.lstrip("/")
        used = next(file for file in (folder / "memory.usage_in_bytes", folder / "memory.current") if file.exists())
        inactive = re.search(r"^(?:total_)?inactive_file (\d+)$", (folder / "memory.stat").read_text(), re.MULTILINE)[1]
        return int(used.read_text()) - int(inactive)

    def import_image(self, archive):
        """Brings an image that `docker save` or write_image wrote to the node, under the name that is in it."""
        self.ctr("images", "import", archive)
