"""A merchant's program, run inside a pod: ``python buyer.py <verb> <JSON>``. It imports nothing of the repository.

    call    make one request: {"method", "url", "token", "body"}
    buy     make payments in ``at_once`` lanes until the standard input ends; tell each that is through
    judge   say what became of payments (the lines of ``buy``, from the standard input)

What it tells is a line of JSON each.
"""

import asyncio
import json
import sys
import time
import uuid
from typing import Any

import aiohttp

AMOUNT_MINOR = 1234
UNKNOWN = ("processing", "outcome_unknown")
ANSWERED_S = 90.0
TOLD_S = 150.0  # a claim of a process that died runs out after 90 s


class Client:
    """Requests, each on a connection of its own: so the Service chooses a pod each time."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def call(self, method: str, url: str, token: str = "", body: Any = None, key: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            raw = await answer.read()
            return answer.status, json.loads(raw) if raw else None


async def call(client: Client, asked: dict[str, Any]) -> None:
    if asked["method"] == "POST":
        asked.setdefault("key", str(uuid.uuid4()))
    status, body = await client.call(**asked)
    tell({"status": status, "body": body})


async def buy(client: Client, asked: dict[str, Any]) -> None:
    enough = asyncio.create_task(asyncio.to_thread(sys.stdin.read))

    async def lane() -> None:
        while not enough.done():
            tell(await pay(client, asked))

    await asyncio.gather(*(lane() for _ in range(asked["at_once"])))


async def pay(client: Client, asked: dict[str, Any]) -> dict[str, Any]:
    """What a careful client does: the same key again until there is an answer that is final."""
    key, began = str(uuid.uuid4()), time.monotonic()
    told: dict[str, Any] = {"key": key, "unanswered": 0, "answers": []}
    card = {"type": "card", "token": "tok_visa"}
    body = {"amount_minor": AMOUNT_MINOR, "currency": "EUR", "payment_method": card, "confirm": True}
    while time.monotonic() - began < ANSWERED_S:
        try:
            status, answer = await client.call("POST", f"{asked['payments']}/v1/payments", asked["key"], body, key)
        except (aiohttp.ClientError, TimeoutError, OSError):
            told["unanswered"] += 1
            await asyncio.sleep(0.1)
            continue
        told["answers"].append(status)
        if status in (201, 202, 402):
            payment = answer["payment"] if status == 402 else answer
            if status == 202:
                await until_known(client, asked, payment["id"])
            return told | {"id": payment["id"], "status": status, "took_s": round(time.monotonic() - began, 3)}
        if status not in (409, 429, 500, 503):
            return told | {"body": answer}
        await asyncio.sleep(0.1)
    return told


async def until_known(client: Client, asked: dict[str, Any], payment_id: str) -> None:
    began = time.monotonic()
    while time.monotonic() - began < ANSWERED_S:
        try:
            status, payment = await client.call("GET", f"{asked['payments']}/v1/payments/{payment_id}", asked["key"])
        except (aiohttp.ClientError, TimeoutError, OSError):
            status, payment = 0, None
        if status == 200 and payment["status"] not in UNKNOWN:
            return
        await asyncio.sleep(0.3)


async def judge(client: Client, asked: dict[str, Any]) -> None:
    told = [json.loads(line) for line in sys.stdin]
    wrong = [f"never answered: {line}" for line in told if "id" not in line]
    captured: set[str] = set()
    for line in told:
        if "id" in line:
            wrong += await wrong_with(client, asked, line, captured)
    _, report = await client.call("GET", f"{asked['payments']}/admin/v1/ledger/check", asked["admin_token"])
    wrong += [f"ledger: {fault}" for fault in report["faults"]]
    missing, unverified = await webhooks_missing(client, asked, captured)
    wrong += [f"no webhook told of {payment_id}" for payment_id in sorted(missing)[:10]]
    wrong += ["a webhook did not verify"] * unverified
    tell({"payments": len(told), "captured": len(captured), "wrong": wrong})


async def wrong_with(client: Client, asked: dict[str, Any], line: dict[str, Any], captured: set[str]) -> list[str]:
    """Whether an answer holds, and the acquirer's book says the same."""
    status, payment = await client.call("GET", f"{asked['payments']}/v1/payments/{line['id']}", asked["key"])
    if status != 200:
        return [f"{line['id']} was answered {line['status']} and is lost: {status}"]
    wrong = []
    if line["status"] == 201 and payment["status"] != "succeeded":
        wrong.append(f"{line['id']} was answered 201 and is {payment['status']}")
    if payment["status"] == "succeeded":
        captured.add(line["id"])
    booked: list[int] = []
    for attempt in payment["attempts"]:
        url = f"{asked['simulator']}/control/v1/operations/{attempt['acquirer_reference']}"
        status, book = await client.call("GET", url, asked["control_token"])
        booked += [operation["amount_minor"] for operation in book["operations"]] if status == 200 else []
    if booked != ([AMOUNT_MINOR] if payment["status"] == "succeeded" else []):
        wrong.append(f"{line['id']} is {payment['status']}, and the acquirer booked {booked}")
    return wrong


async def webhooks_missing(client: Client, asked: dict[str, Any], captured: set[str]) -> tuple[set[str], int]:
    """Which captures no webhook has told of in time, and how many webhooks of the receiver did not verify."""
    began, missing, unverified, after = time.monotonic(), set(captured), 0, 0
    while missing and time.monotonic() - began < TOLD_S:
        _, page = await client.call("GET", f"{asked['simulator']}/receiver/{asked['receiver']}?limit=500&after={after}")
        for webhook in page["received"]:
            body, after = json.loads(webhook["body"]), webhook["number"]
            unverified += not webhook["verified"]
            if body["type"] == "payment.captured":
                missing.discard(body["data"]["id"])
        if page["next_after"] is None:
            await asyncio.sleep(1)
    return missing, unverified


def tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def main(verb: str, asked: dict[str, Any]) -> None:
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        await {"call": call, "buy": buy, "judge": judge}[verb](Client(session), asked)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
