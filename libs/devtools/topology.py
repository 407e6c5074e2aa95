"""Which processes make the platform, in the order they start, and the settings each is given."""

from devtools.mariadb import account_statements
from devtools.state import State

SERVICES = ("simulator", "merchants", "payments", "notifications")
SERVERS = ("mariadb", "redis")
CONNECTOR = "simulator"
"""The connector's name at merchants; the simulator calls back to the path of that name."""
_WITH_SCHEMA = ("merchants", "payments", "notifications")


def database_statements(state: State) -> list[str]:
    """For the server's init file: a schema and a user for each service, with rights on that schema only."""
    statements = []
    for service in _WITH_SCHEMA:
        name = f"florin_{service}"
        statements += account_statements(name, state.secrets[f"{service}_database"], name)
    return statements


def service_settings(state: State, service: str) -> dict[str, str]:
    """The environment variables of one service."""
    settings = {
        "FLORIN_ENVIRONMENT": "development",
        "FLORIN_HOST": "127.0.0.1",
        "FLORIN_PORT": str(state.ports[service]),
        "FLORIN_ADMIN_TOKEN": state.secrets["admin_token"],
        "FLORIN_INTERNAL_TOKEN": state.secrets["internal_token"],
        "FLORIN_MERCHANTS_URL": state.url("merchants"),
        "FLORIN_NOTIFICATIONS_URL": state.url("notifications"),
        "FLORIN_PAYMENTS_URL": state.url("payments"),
        "FLORIN_SIMULATOR_URL": state.url("simulator"),
        "FLORIN_TRACES": str(state.logs / "traces.jsonl"),
        "FLORIN_DRAIN_S": "0",
    }
    if service == "simulator":
        settings["FLORIN_SIMULATOR_BOOK"] = str(state.folder / "simulator" / "book.sqlite")
        settings["FLORIN_SIMULATOR_CALLBACK_URL"] = f"{state.url('payments')}/callbacks/{CONNECTOR}"
        for name in ("control_token", "terminal_key", "callback_secret"):
            settings[f"FLORIN_SIMULATOR_{name.upper()}"] = state.secrets[f"simulator_{name}"]
        return settings
    name, password = f"florin_{service}", state.secrets[f"{service}_database"]
    settings |= {
        "FLORIN_DATABASE_URL": f"mysql://{name}:{password}@127.0.0.1:{state.ports['mariadb']}/{name}",
        "FLORIN_REDIS_URL": f"redis://:{state.secrets['redis_password']}@127.0.0.1:{state.ports['redis']}/0",
        "FLORIN_KEY_FILE": str(state.key_file),
    }
    # The acquirer and the webhook receiver are on loopback, where nothing may go unless told so.
    settings["FLORIN_ALLOW_LOOPBACK_URLS"] = "true"
    return settings
