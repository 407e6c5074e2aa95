"""What a person needs to know once the platform is up."""

import json

from devtools.screen import bold, dim


def show_card(urls: dict[str, str], api_key: str, kept_in: str) -> None:
    """Addresses, the API key, one curl line, the documentation, the receiver."""
    rows = [
        ("Base URL", urls["payments"]),
        ("API key", api_key),
        ("API documentation", f"{urls['payments']}/docs"),
        ("  merchants", f"{urls['merchants']}/docs"),
        ("  notifications", f"{urls['notifications']}/docs"),
        ("  simulator", f"{urls['simulator']}/docs"),
        ("Webhooks received", f"{urls['simulator']}/receiver"),
        ("Data and logs", kept_in),
    ]
    print()
    for name, value in rows:
        print(f"  {bold(f'{name:18}')} {value}")
    print(f"\n  {bold('Take a payment')} {dim('(12.34 EUR, captured at once)')}\n")
    print(curl_line(urls["payments"], api_key))
    print(f"\n  {bold('./dev demo')} tells the whole story.\n", flush=True)


def curl_line(base: str, api_key: str) -> str:
    """A payment, ready to paste; each paste is a new payment."""
    body = {"amount_minor": 1234, "currency": "EUR", "confirm": True, "payment_method": {"token": "tok_visa"}}
    return (
        f"curl -s {base}/v1/payments -H 'Authorization: Bearer {api_key}' "
        f"-H \"Idempotency-Key: $(date +%s%N)\" -H 'Content-Type: application/json' -d '{json.dumps(body)}'"
    )
