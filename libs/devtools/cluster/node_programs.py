"""What makes a cluster of an API server: containerd, the controllers, the scheduler, kubelet, kube-proxy."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devtools.cluster.control_plane import ControlPlane, Start
from devtools.cluster.kubeconfig import write_kubeconfig
from devtools.cluster.own_images import sandbox_image
from devtools.cluster.place import DNS_ADDRESS, POD_RANGE, Place
from devtools.cluster.tools import NETWORK_PLUGINS, program
from devtools.unpacked import unpacked

NODE_NAME = "florin"
SOCKET = "/run/containerd/containerd.sock"


class NodePrograms:
    """Settings and starts of these programs; paths are those inside of the node's namespaces."""

    def __init__(self, place: Place, plane: ControlPlane, start: Start) -> None:
        self._place = place
        self._plane = plane
        self._start = start
        self._sandbox = sandbox_image().name
        self._containerd = unpacked("containerd") / "usr/bin"
        self._programs = {
            name: program(name) for name in ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
        }
        self._settings = place.folder / "settings"
        self._settings.mkdir(exist_ok=True)
        self._write_network()

    def start_containerd(self) -> subprocess.Popen[bytes]:
        """Start the runtime of containers."""
        config = self._settings / "containerd.toml"
        config.write_text(
            _CONTAINERD.format(
                sandbox=self._sandbox,
                plugins=self._settings / "network-plugins",
                network=self._settings / "network",
                socket=SOCKET,
            )
        )
        # It finds its shim, and the shim runc, on the PATH.
        path = f"{self._containerd}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        argv = ["env", f"PATH={path}", str(self._containerd / "containerd"), f"--config={config}"]
        return self._start(argv, log=self._log("containerd"))

    def start_controller_manager(self) -> subprocess.Popen[bytes]:
        """Start the controllers."""
        kubeconfig = self._kubeconfig("kube-controller-manager", "system:kube-controller-manager")
        return self._run(
            "kube-controller-manager",
            {
                "kubeconfig": kubeconfig,
                "authentication-kubeconfig": kubeconfig,
                "authorization-kubeconfig": kubeconfig,
                "service-account-private-key-file": self._plane.token_key,
                "root-ca-file": self._plane.authority.certificate,
                "use-service-account-credentials": "true",
                "leader-elect": "false",
                "bind-address": "127.0.0.1",
                # A node that is gone is not a matter of minutes here: there is only this one.
                "node-monitor-grace-period": "40s",
            },
        )

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        """Start the scheduler."""
        kubeconfig = self._kubeconfig("kube-scheduler", "system:kube-scheduler")
        return self._run(
            "kube-scheduler",
            {
                "kubeconfig": kubeconfig,
                "authentication-kubeconfig": kubeconfig,
                "authorization-kubeconfig": kubeconfig,
                "leader-elect": "false",
                "bind-address": "127.0.0.1",
            },
        )

    def start_kubelet(self) -> subprocess.Popen[bytes]:
        """Start what runs pods."""
        served = self._plane.authority.issue("kubelet", hosts=[NODE_NAME, self._plane.address])
        names = self._settings / "resolv.conf"
        names.write_text("")  # nothing outside is resolved: a pod reaches the cluster only
        config = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": self._place.cgroup,
            "failSwapOn": False,
            "makeIPTablesUtilChains": False,
            "clusterDNS": [DNS_ADDRESS],
            "clusterDomain": "cluster.local",
            "resolvConf": str(names),
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(self._plane.authority.certificate)},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(served.certificate),
            "tlsPrivateKeyFile": str(served.key),
            "volumePluginDir": "/var/lib/kubelet/volume-plugins",
            # There is no registry to fetch an image from again, so none is thrown away, however full the disk.
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "serializeImagePulls": False,
            "nodeStatusUpdateFrequency": "10s",
        }
        path = self._write("kubelet.json", config)
        return self._run(
            "kubelet",
            {
                "config": path,
                "kubeconfig": self._kubeconfig("kubelet", f"system:node:{NODE_NAME}", "system:nodes"),
                "hostname-override": NODE_NAME,
                "node-ip": self._plane.address,
            },
        )

    def start_proxy(self) -> subprocess.Popen[bytes]:
        """Start what makes addresses of Services reach pods."""
        config = {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "clusterCIDR": POD_RANGE,
            "hostnameOverride": NODE_NAME,
            "clientConnection": {"kubeconfig": str(self._kubeconfig("kube-proxy", "system:kube-proxy"))},
            # The table of tracked connections is sized for the whole machine, by the machine.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        }
        return self._run("kube-proxy", {"config": self._write("kube-proxy.json", config)})

    def _run(self, name: str, flags: Mapping[str, object]) -> subprocess.Popen[bytes]:
        argv = [str(self._programs[name]), *(f"--{flag}={value}" for flag, value in flags.items())]
        return self._start(argv, log=self._log(name))

    def _kubeconfig(self, name: str, user: str, *groups: str) -> Path:
        pair = self._plane.authority.issue(user, groups=groups)
        path = self._settings / f"{name}.kubeconfig"
        return write_kubeconfig(path, self._plane.url, self._plane.authority, pair, name=name)

    def _write_network(self) -> None:
        """Each pod on a cable of its own to the node, which routes: so every packet meets the node's filters."""
        plugins = self._settings / "network-plugins"
        plugins.mkdir(exist_ok=True)
        for name in NETWORK_PLUGINS:
            (plugins / name).unlink(missing_ok=True)
            (plugins / name).symlink_to(program(name))
        (self._settings / "network").mkdir(exist_ok=True)
        addresses = {"type": "host-local", "ranges": [[{"subnet": POD_RANGE}]], "routes": [{"dst": "0.0.0.0/0"}]}
        cable = {"type": "ptp", "ipMasq": True, "ipMasqBackend": "nftables", "mtu": 1500, "ipam": addresses}
        self._write("network/10-florin.conflist", {"cniVersion": "1.0.0", "name": "florin", "plugins": [cable]})

    def _write(self, name: str, config: dict[str, Any]) -> Path:
        path = self._settings / name
        path.write_text(json.dumps(config, indent=2))
        return path

    def _log(self, name: str) -> Path:
        return self._plane.logs / f"{name}.log"


# restrict_oom_score_adj: without the right to lower it (in a container), containers start all the same. runc and not
# crun, which refuses machines with both versions of cgroups.
_CONTAINERD = """\
version = 2
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = "{socket}"

[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{sandbox}"
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{network}"
"""
