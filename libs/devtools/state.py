"""What one checkout's platform keeps between runs: ports, passwords, tokens, keys, data, logs."""

import base64
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from devtools.places import data_folder, private_folder
from devtools.ports import free_port_from

PREFERRED_PORTS = {
    "payments": 8080,
    "merchants": 8081,
    "notifications": 8082,
    "simulator": 8083,
    "mariadb": 23306,
    "redis": 26379,
}
_SECRETS = (
    "admin_token",
    "internal_token",
    "redis_password",
    "simulator_control_token",
    "simulator_terminal_key",
    "simulator_callback_secret",
    "payments_database",
    "merchants_database",
    "notifications_database",
)


@dataclass(frozen=True)
class State:
    """The platform of one checkout. Made by `load_state`; everything in it is random and for development only."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        """One file for each process."""
        return self.folder / "logs"

    @property
    def key_file(self) -> Path:
        """The key-encryption key: its version and 32 random bytes in base64 (`florin.secrets.KeyRing`)."""
        return self.folder / "key-encryption-key"

    @property
    def demo_file(self) -> Path:
        """The demo merchant and its API key, which the platform shows only once."""
        return self.folder / "demo.json"

    def url(self, service: str) -> str:
        """Base URL of a service."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def log_of(self, name: str) -> Path:
        """The log of a process."""
        return self.logs / f"{name}.log"


def load_state(folder: Path | None = None) -> State | None:
    """What is kept, or None when the platform was never started."""
    folder = folder or data_folder()
    try:
        kept = json.loads((folder / "state.json").read_text())
    except FileNotFoundError:
        return None
    return State(folder, kept["ports"], kept["secrets"])


def make_state(folder: Path | None = None) -> State:
    """What is kept, completed with whatever is missing."""
    folder = folder or data_folder()
    private_folder(folder)
    folder.chmod(0o711)  # database servers of another account pass through; every file in it is closed
    state = load_state(folder) or State(folder)
    for name in _SECRETS:
        state.secrets.setdefault(name, secrets.token_urlsafe(24))
    for name, preferred in PREFERRED_PORTS.items():
        if name not in state.ports:
            state.ports[name] = free_port_from(preferred, taken=state.ports.values())
    for name in ("logs", "mariadb", "redis", "simulator"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    if not state.key_file.exists():
        write_private(state.key_file, f"1 {base64.b64encode(os.urandom(32)).decode()}\n")
    save_state(state)
    return state


def move_taken_ports(state: State) -> list[str]:
    """Give a new port to everything whose port another program uses now; says what moved. Only while stopped."""
    moved = []
    for name, port in list(state.ports.items()):
        others = {other for key, other in state.ports.items() if key != name}
        if (free := free_port_from(port, taken=others)) != port:
            state.ports[name] = free
            moved.append(f"Port {port} is in use by another program, so {name} listens on {free}.")
    if moved:
        save_state(state)
    return moved


def save_state(state: State) -> None:
    """Write ports and secrets."""
    kept = {"ports": state.ports, "secrets": state.secrets}
    write_private(state.folder / "state.json", json.dumps(kept, indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; nobody else may read it."""
    aside = path.with_name(path.name + ".new")
    aside.unlink(missing_ok=True)
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
