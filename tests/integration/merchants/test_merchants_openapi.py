import asyncio
import sys
from pathlib import Path

import pytest
from tests.support.merchants import ADMIN_TOKEN, INTERNAL_TOKEN, MerchantsService

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.parametrize(("prefix", "token"), [("/admin/", ADMIN_TOKEN), ("/internal/", INTERNAL_TOKEN)])
async def test_no_request_gets_an_undocumented_answer(
    merchants_service: MerchantsService, tmp_path: Path, prefix: str, token: str
):
    service = merchants_service
    await service.merchant("acme")
    await service.key("acme")
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{service.url}/openapi.json",
        *("--header", f"Authorization: Bearer {token}"),
        *("--include-path-regex", f"^{prefix}"),
        *("--checks", CHECKS),
        *("--phases", "examples,coverage,fuzzing"),
        *("--max-examples", "10"),
        *("--seed", "1"),
        *("--generation-database", "none"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-8000:]
