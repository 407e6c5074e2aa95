"""What every answer of a service has, from a real server."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.support.echo_service import build_app
from tests.support.serving import served

from devtools.ports import any_free_port
from florin.service import ServiceSettings
from florin.settings import Secret
from florin.telemetry import configure_logging, configure_tracing, open_recorder, shutdown_tracing
from florin.telemetry import logs as log_module

ROOT = Path(__file__).parents[3]

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def settings_with(**changes: Any) -> ServiceSettings:
    token = Secret("t" * 24)
    defaults: dict[str, Any] = {
        "port": any_free_port(),
        "database_url": token,
        "redis_url": token,
        "admin_token": token,
        "internal_token": token,
        "drain_s": 0.0,
    }
    return ServiceSettings(**(defaults | changes))


async def test_every_answer_has_its_id_and_safe_headers() -> None:
    settings = settings_with()
    async with served(build_app(settings), settings) as url, aiohttp.ClientSession(url) as client:
        for path, status in (("/echo/x", 200), ("/conflict", 409), ("/nowhere", 404), ("/fault", 500)):
            async with client.get(path, headers={"X-Request-Id": "caller-7"}) as answer:
                assert answer.status == status
                assert answer.headers["Florin-Request-Id"] == "caller-7"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Cache-Control"] == "no-store"
                assert "Server" not in answer.headers
                assert "Access-Control-Allow-Origin" not in answer.headers
                document = await answer.json(content_type=None)
                if status >= 400:
                    assert answer.content_type == "application/problem+json"
                    assert document["instance"] == "caller-7"
                    async with client.get(document["type"]) as page:
                        assert page.status == 200
                        assert document["code"] in await page.text()


async def test_the_method_that_a_path_lacks_is_405_with_what_it_has() -> None:
    settings = settings_with()
    async with (
        served(build_app(settings), settings) as url,
        aiohttp.ClientSession(url) as client,
        client.delete("/echo") as answer,
    ):
        assert answer.status == 405
        assert "POST" in answer.headers["Allow"]


async def test_a_fault_is_told_to_the_log_redacted_and_to_nobody_else(capsys: pytest.CaptureFixture[str]) -> None:
    settings = settings_with()
    try:
        configure_logging("echo")
        async with (
            served(build_app(settings), settings) as url,
            aiohttp.ClientSession(url) as client,
            client.get("/fault") as answer,
        ):
            body = await answer.text()
    finally:
        _forget_logging()
    assert "4242" not in body
    assert "RuntimeError" not in body
    lines = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    fault = next(line for line in lines if "exception" in line)
    assert "RuntimeError" in fault["exception"]
    assert "in fault" in fault["exception"]
    assert "4242424242424242" not in fault["exception"]
    assert "abcdef" not in fault["exception"]
    access = next(line for line in lines if line["logger"] == "access")
    assert access["route"] == "/fault"
    assert access["status"] == 500
    assert access["request_id"] == fault["request_id"]
    assert access["trace_id"] == fault["trace_id"]


def _forget_logging() -> None:
    log_module._access_log = None
    sys.excepthook = sys.__excepthook__
    import logging

    logging.getLogger().handlers.clear()
    logging.captureWarnings(capture=False)
    logging.getLogger("uvicorn.access").disabled = False


async def test_a_trace_goes_through_a_request_and_failures_are_kept(tmp_path: Path) -> None:
    settings = settings_with()
    configure_tracing(open_recorder(str(tmp_path / "spans"), service="echo", version="1"), ratio=0.0)
    try:
        async with served(build_app(settings), settings) as url, aiohttp.ClientSession(url) as client:
            for path, flag in (("/traced", "01"), ("/traced", "00"), ("/fault", "00")):
                headers = {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-{flag}"}
                async with client.get(path, headers=headers) as answer:
                    if path == "/traced":
                        inner = (await answer.json())["traceparent"]
                        assert inner.startswith(f"00-{TRACE_ID}-")
                        assert inner.endswith(f"-{flag}")
    finally:
        shutdown_tracing()
    spans = {span["name"]: span for span in map(msgspec.json.decode, (tmp_path / "spans").read_bytes().splitlines())}
    assert set(spans) == {"GET /traced", "inside", "GET /fault"}
    assert {span["trace_id"] for span in spans.values()} == {TRACE_ID}
    assert spans["GET /traced"]["parent_id"] == "b7ad6b7169203331"
    assert spans["inside"]["parent_id"] == spans["GET /traced"]["span_id"]
    assert spans["GET /fault"]["error"] == "HTTP 500"
    assert spans["GET /traced"]["attributes"]["http.route"] == "/traced"


async def test_metrics_count_by_route_and_not_by_path() -> None:
    settings = settings_with()
    async with served(build_app(settings), settings) as url, aiohttp.ClientSession(url) as client:
        for path in ("/echo/one", "/echo/two", "/no/such/path/1", "/no/such/path/2"):
            async with client.get(path):
                pass
        async with client.get("/metrics") as answer:
            text = await answer.text()
    assert 'florin_http_requests_total{method="GET",route="/echo/{text}",status="200"}' in text
    assert 'route="unmatched",status="404"' in text
    assert "/echo/one" not in text
    assert "/no/such" not in text
    assert "florin_http_request_duration_seconds_bucket" in text


async def test_readiness_asks_what_it_was_told_to_and_says_what_failed() -> None:
    settings = settings_with()
    app = build_app(settings)

    async def works() -> None:
        pass

    async def fails() -> None:
        raise ConnectionError("mysql://florin:hunter2@db refused")

    app.health.add("database", works)
    async with served(app, settings) as url, aiohttp.ClientSession(url) as client:
        async with client.get("/health/ready") as answer:
            assert answer.status == 200
        app.health.add("redis", fails)
        async with client.get("/health/ready") as answer:
            assert answer.status == 503
            text = await answer.text()
        async with client.get("/health/live") as answer:
            assert answer.status == 200
    readiness = msgspec.json.decode(text)
    assert readiness["status"] == "not_ready"
    assert readiness["checks"]["database"]["status"] == "ok"
    assert readiness["checks"]["redis"]["reason"] == "ConnectionError"
    assert "hunter2" not in text


async def test_the_documentation_loads_nothing_from_elsewhere() -> None:
    settings = settings_with()
    async with served(build_app(settings), settings) as url, aiohttp.ClientSession(url) as client:
        async with client.get("/docs") as answer:
            page = await answer.text()
        assert "://" not in page
        for asset in ("/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/docs/start.js"):
            assert asset in page
            async with client.get(asset) as answer:
                assert answer.status == 200
        async with client.get("/openapi.json") as answer:
            document = await answer.json()
    assert document["openapi"].startswith("3.1")
    echo = document["paths"]["/echo"]["post"]
    assert set(echo["responses"]) >= {"201", "400", "404", "409", "413", "415", "422", "429", "500", "503"}
    assert document["components"]["schemas"]["Echo"]["additionalProperties"] is False
    assert document["components"]["schemas"]["Echo"]["description"] == "What comes back."
    encoded = document["paths"]["/encoded"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert encoded == {"$ref": "#/components/schemas/Echo"}


async def test_sigterm_finishes_what_is_under_way_then_stops_background_tasks() -> None:
    port = any_free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": ":".join(str(ROOT / root) for root in ("libs", "services", ".")),
        "FLORIN_PORT": str(port),
        "FLORIN_DRAIN_S": "0.3",
        **{f"FLORIN_{name}": "t" * 24 for name in ("DATABASE_URL", "REDIS_URL", "ADMIN_TOKEN", "INTERNAL_TOKEN")},
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.echo_service", env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        seen = await _read_until(process.stdout, b"running on")
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            held = asyncio.create_task(client.get("/held"))
            seen += await _read_until(process.stdout, b"held")
            process.send_signal(signal.SIGTERM)
            while True:  # the drain: still answering, and telling everyone to go elsewhere
                async with client.get("/health/ready") as ready:
                    if (await ready.json(content_type=None))["status"] == "stopping":
                        assert ready.status == 503
                        break
                await asyncio.sleep(0.01)
            async with await held as answer:
                assert answer.status == 200
                assert await answer.json() == {"text": "let go"}
        output = await asyncio.wait_for(process.stdout.read(), 10)
        assert b"lease released" in output
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _read_until(stream: asyncio.StreamReader, word: bytes) -> bytes:
    seen = b""
    while word not in seen:
        line = await asyncio.wait_for(stream.readline(), 20)
        assert line, seen.decode()
        seen += line
    return seen
