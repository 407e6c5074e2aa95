"""What the command line ``florin`` needs to speak to the running platform."""

import json

from devtools.state import State


def demo_settings(state: State) -> dict[str, str]:
    """Environment variables for `devtools.demo`: an operator's, and those of the simulator and the demo merchant."""
    simulator = {f"FLORIN_{name.upper()}": text for name, text in state.secrets.items() if name.startswith("simulator")}
    return operator_settings(state) | simulator | {"FLORIN_DEMO_FILE": str(state.demo_file)}


def operator_settings(state: State) -> dict[str, str]:
    """Environment variables for `florin_cli`: addresses, the operators' token, the demo merchant's key."""
    settings = {
        f"FLORIN_{name.upper()}_URL": state.url(name)
        for name in ("payments", "merchants", "notifications", "simulator")
    }
    settings["FLORIN_ADMIN_TOKEN"] = state.secrets["admin_token"]
    if state.demo_file.exists():
        demo = json.loads(state.demo_file.read_text())
        settings["FLORIN_API_KEY"] = demo["api_key"]
        settings["FLORIN_MERCHANT"] = demo["merchant_id"]
    return settings
