"""What a person needs to know once the platform is up."""

import json

from devtools.screen import bold, dim
from devtools.state import State


def show_card(state: State) -> None:
    """Addresses, the API key, one curl line, the documentation, the receiver."""
    try:
        demo = json.loads(state.demo_file.read_text())
    except FileNotFoundError:
        demo = {"api_key": "(made by the first complete ./dev up)"}
    base = state.url("payments")
    rows = [
        ("Base URL", base),
        ("API key", demo["api_key"]),
        ("API documentation", f"{base}/docs"),
        ("  merchants", f"{state.url('merchants')}/docs"),
        ("  notifications", f"{state.url('notifications')}/docs"),
        ("  simulator", f"{state.url('simulator')}/docs"),
        ("Webhooks received", f"{state.url('simulator')}/receiver"),
        ("Data and logs", str(state.folder)),
    ]
    print()
    for name, value in rows:
        print(f"  {bold(f'{name:18}')} {value}")
    print(f"\n  {bold('Take a payment')} {dim('(12.34 EUR, captured at once)')}\n")
    print(curl_line(base, demo["api_key"]))
    print(f"\n  Then: {bold('./dev demo')} tells the whole story.\n")


def curl_line(base: str, api_key: str) -> str:
    """A payment, ready to paste; each paste is a new payment."""
    body = {"amount_minor": 1234, "currency": "EUR", "payment_method": {"type": "card", "token": "tok_visa"}}
    return (
        f"curl -s {base}/v1/payments -H 'Authorization: Bearer {api_key}' "
        f"-H \"Idempotency-Key: $(date +%s%N)\" -H 'Content-Type: application/json' -d '{json.dumps(body)}'"
    )
