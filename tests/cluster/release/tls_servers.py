"""A MariaDB and a Redis that take TLS only, each as a pod behind a Service: servers that are there before Florin is."""

from pathlib import Path
from typing import Any

_PUBLIC = {"mariadb": "mariadb:10.11", "redis": "redis:7"}
"""Where they can be pulled."""
_PORTS = {"mariadb": 3306, "redis": 6379}
_COMMANDS = {
    "mariadb": """
        mariadb-install-db --no-defaults --force --skip-name-resolve --auth-root-authentication-method=normal \\
          --datadir=/data/mariadb
        exec mariadbd --no-defaults --datadir=/data/mariadb --socket=/data/mariadb.sock --pid-file=/data/mariadb.pid \\
          --bind-address='*' --skip-name-resolve --performance-schema=OFF --transaction-isolation=READ-COMMITTED \\
          --require-secure-transport=ON --ssl-cert=/tls/tls.crt --ssl-key=/tls/tls.key
    """,
    "redis": """
        printf 'requirepass %s\\n' "$PASSWORD" | exec redis-server - --dir /data --save '' --port 0 --tls-port 6379 \\
          --tls-cert-file /tls/tls.crt --tls-key-file /tls/tls.key --tls-ca-cert-file /tls/tls.crt --tls-auth-clients no
    """,
}


def tls_server(
    name: str, images: dict[str, str], certificate: tuple[Path, Path], password: str
) -> list[dict[str, Any]]:
    """The manifests of ``mariadb`` or ``redis``; the certificate is a file and its key's."""
    labels = {"app": name}
    container = {
        "name": name,
        "image": images.get(name, _PUBLIC[name]),
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-euc", _COMMANDS[name]],
        "env": [{"name": "PASSWORD", "value": password}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "768Mi"}},
        "readinessProbe": {"tcpSocket": {"port": _PORTS[name]}, "periodSeconds": 1},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tls", "mountPath": "/tls"}],
    }
    user = {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": user,
        "containers": [container],
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "tls", "secret": {"secretName": f"{name}-tls"}}],
    }
    file, key = certificate
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": f"{name}-tls"},
            "stringData": {"tls.crt": file.read_text(), "tls.key": key.read_text()},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"selector": labels, "ports": [{"port": _PORTS[name]}]},
        },
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec},
    ]
