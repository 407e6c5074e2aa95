"""Child processes that end with their parent, started as a given account, in a given folder, logging to a file.

A child is held as `subprocess.Popen`: its pid cannot be reused before this process has waited for it, so a signal
never reaches a stranger.
"""

import ctypes
import os
import pwd
import signal
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def start_child(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    account: pwd.struct_passwd | None = None,
    when_parent_dies: signal.Signals | None = signal.SIGTERM,
    executable: str | None = None,
    pass_fds: Sequence[int] = (),
    stdin: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C reaches only the parent, which stops it in order.

    ``account`` drops root's rights before the program starts. Call it from the main thread: the kernel sends
    ``when_parent_dies`` when the *thread* that started the child ends. None lets the child outlive its parent.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            executable=executable,
            stdin=stdin or subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
            preexec_fn=_before_exec(account, when_parent_dies, os.getpid()),
        )


def _before_exec(
    account: pwd.struct_passwd | None, when_parent_dies: signal.Signals | None, parent_pid: int
) -> Callable[[], None]:
    def prepare() -> None:
        if account is not None:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        if when_parent_dies is None:
            return
        # After the change of account: a change of credentials clears the setting.
        _libc.prctl(_PR_SET_PDEATHSIG, int(when_parent_dies), 0, 0, 0)
        if os.getppid() != parent_pid:
            os._exit(127)

    return prepare


def stop_child(child: subprocess.Popen[bytes], *, timeout_s: float) -> bool:
    """Ask a child to end, wait, and kill it when it has not. True when it ended by itself."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return False
    return True


def server_account(folder: Path) -> pwd.struct_passwd | None:
    """The account that a database server in ``folder`` runs as: None (our own) unless we are root.

    As root too where the folder lies below one that only root may enter: nobody else could reach it.
    """
    if os.geteuid() != 0 or not all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.absolute().parents):
        return None
    for name in ("florin", "mysql", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def hand_over(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make a folder and all in it belong to ``account`` (nothing to do for None)."""
    if account is None:
        return
    os.chown(folder, account.pw_uid, account.pw_gid)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(parent, name), account.pw_uid, account.pw_gid, follow_symlinks=False)


def last_lines(log: Path, count: int = 8) -> str:
    """The end of a log, for a sentence about why a program did not start."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in lines[-count:])
