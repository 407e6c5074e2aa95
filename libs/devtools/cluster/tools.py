"""The programs of Kubernetes and around it, at the versions that the project is tested with."""

from pathlib import Path

from devtools.golang import LOCKS, GoTool, installed

KUBERNETES = "v1.34.4"
"""Not later: from 1.35 on a kubelet refuses cgroup v1 by default."""

_OF_KUBERNETES = ("kubectl", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
NETWORK_PLUGINS = ("ptp", "loopback", "host-local")
NODE_PROGRAMS = (*_OF_KUBERNETES, *NETWORK_PLUGINS, "coredns")
"""What a node is made of."""


def _of_kubernetes(name: str) -> GoTool:
    version = "k8s.io/component-base/version"
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    said = f"-X {version}.gitVersion={KUBERNETES} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"
    return GoTool(f"k8s.io/kubernetes/cmd/{name}", LOCKS / "kubernetes", (f"-ldflags=-s -w {said}",))


def _other(package: str, lock: str, said: str = "") -> GoTool:
    return GoTool(package, LOCKS / lock, (f"-ldflags=-s -w {said}".rstrip(),))


def _helm() -> GoTool:
    """Without a cluster Helm renders for the Kubernetes that it was built for; its own makefile tells it like this."""
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    parts = ("chartutil", "lint/rules")
    told = (
        f"-X helm.sh/helm/v3/pkg/{part}.k8sVersion{name}={value}"
        for part in parts
        for name, value in (("Major", major), ("Minor", minor))
    )
    return _other("helm.sh/helm/v3/cmd/helm", "helm", " ".join(told))


_PLUGINS = "github.com/containernetworking/plugins/plugins"
_TOOLS = (
    *(_of_kubernetes(name) for name in _OF_KUBERNETES),
    _other(f"{_PLUGINS}/main/ptp", "cni"),
    _other(f"{_PLUGINS}/main/loopback", "cni"),
    _other(f"{_PLUGINS}/ipam/host-local", "cni"),
    _other("github.com/coredns/coredns", "coredns"),
    _other("github.com/yannh/kubeconform/cmd/kubeconform", "kubeconform"),
    _helm(),
    _other("sigs.k8s.io/kind", "kind"),
)
TOOLS = {tool.name: tool for tool in _TOOLS}


def program(name: str) -> Path:
    """A program of `TOOLS`; built first when it is not there."""
    return installed(TOOLS[name])
