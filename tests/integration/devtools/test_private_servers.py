"""The private servers that tests and ``./dev up`` stand on."""

import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.support.servers import MariaDBServer

from devtools.redis import Redis

ROOT = Path(__file__).resolve().parents[3]


def test_mariadb_is_durable_and_strict(mariadb: MariaDBServer) -> None:
    settings = dict(mariadb.execute("SHOW GLOBAL VARIABLES"))
    assert settings["innodb_flush_log_at_trx_commit"] == "1"
    assert settings["sync_binlog"] == "1"
    assert settings["log_bin"] == "ON"
    assert settings["tx_isolation"] == "READ-COMMITTED"
    assert settings["idle_write_transaction_timeout"] == "2"
    assert settings["innodb_lock_wait_timeout"] == "2"
    assert settings["collation_server"] == "utf8mb4_bin"
    assert settings["bind_address"] == "127.0.0.1"


def test_mariadb_keeps_what_was_committed_when_killed(mariadb: MariaDBServer) -> None:
    mariadb.create_database("survives")
    mariadb.execute("CREATE TABLE survives.t (a INT PRIMARY KEY)")
    mariadb.execute("INSERT INTO survives.t VALUES (7)")
    before = mariadb.port
    mariadb.kill()
    mariadb.start()
    assert mariadb.port == before
    assert mariadb.execute("SELECT a FROM survives.t") == [(7,)]
    mariadb.drop_database("survives")


def test_redis_asks_for_the_password_and_forgets_when_flushed(redis_server: Redis) -> None:
    assert redis_server.command("SET a 1") == "+OK"
    assert redis_server.command("CONFIG GET appendonly").startswith("*2")
    redis_server.flush()
    assert redis_server.command("EXISTS a") == ":0"
    good, redis_server.password = redis_server.password, "wrong"
    try:
        assert "NOAUTH" in redis_server.command("EXISTS a")
    finally:
        redis_server.password = good


@pytest.mark.timeout(90)
def test_servers_end_with_a_killed_test_run(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import signal, sys, time
        from tests.support.servers import running_mariadb, running_redis, temporary_folder
        with temporary_folder() as folder, running_mariadb(folder) as mariadb, running_redis(folder) as redis:
            print(mariadb.pid, redis.pid, flush=True)
            time.sleep(60)
    """)
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'libs'}"}
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment, cwd=ROOT)
    with run:
        assert run.stdout is not None
        pids = [int(word) for word in run.stdout.readline().split()]
        assert len(pids) == 2
        held = [os.pidfd_open(pid) for pid in pids]
        run.send_signal(signal.SIGKILL)
    try:
        for pidfd in held:
            assert has_ended(pidfd, within_s=10)
    finally:
        for pidfd in held:
            os.close(pidfd)


def has_ended(pidfd: int, *, within_s: float) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(within_s * 1000))
