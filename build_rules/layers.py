"""Who may import whom, for Pants; import-linter holds the same, imports through others too (pyproject.toml).

`./dev layers` checks it and says where a refused import belongs. In each set the first rule that matches counts.
"""

# What lies outside of a service or a library and is nobody's to import.
OUTSIDE = ("!//services/**", "!//operator/**", "!//libs/devtools/**", "!//libs/florin_cli/**", "!//tests/**")

# What a rule of money may know: no I/O, no transport.
PURE = (
    "//libs/florin/contracts/**",
    "//libs/florin/errors.py",
    "//libs/florin/ids.py",
    "//libs/florin/money.py",
    "//libs/florin/settings.py",
    "//libs/florin/__init__.py",
    "//3rdparty/python#msgspec",
)

SERVER_LIBRARIES = (
    "!//libs/florin/database/**",
    "!//libs/florin/directory/**",
    "!//libs/florin/inbox/**",
    "!//libs/florin/leases/**",
    "!//libs/florin/outbox/**",
    "!//libs/florin/service/**",
    "!//libs/florin/streams/**",
    "!//3rdparty/python#aiomysql",
    "!//3rdparty/python#litestar",
    "!//3rdparty/python#redis",
    "!//3rdparty/python#uvicorn",
)

# Those of its modules that are files are layers, too: nothing that packages need may need a package.
LIBRARY_LAYERS = (
    ("/service/**", "/secrets/**", "/webhooks/**"),
    ("/directory/**",),
    ("/inbox/**", "/outbox/**"),
    ("/leases/**", "/streams/**"),
    ("/database/**", "/telemetry/**", "/contracts/**"),
    ("/settings.py", "/money.py", "/ids.py", "/clock.py", "/tls.py"),
    ("/errors.py", "/version.py"),
)


def service_layers():
    """A service: api and consumers -> operations -> store and gateways -> domain."""
    __dependencies_rules__(
        ({"path": "/domain/**"}, "/domain/**", "/__init__.py", PURE, "!*"),
        (
            {"path": "/store/**"},
            ("!/main.py", "!/api/**", "!/consumers.py", "!/operations/**", "!/gateways/**"),
            ("/**", OUTSIDE, "*"),
        ),
        (
            {"path": "/gateways/**"},
            ("!/main.py", "!/api/**", "!/consumers.py", "!/operations/**", "!/store/**"),
            ("/**", OUTSIDE, "*"),
        ),
        ({"path": "/operations/**"}, ("!/main.py", "!/api/**", "!/consumers.py"), ("/**", OUTSIDE, "*")),
        ({"path": "/api/**"}, ("!/main.py", "!/consumers.py"), ("/**", OUTSIDE, "*")),
        ({"path": "/consumers.py"}, ("!/main.py", "!/api/**"), ("/**", OUTSIDE, "*")),
        ("*", ("/**", OUTSIDE, "*")),
    )


def shared_library():
    """What services share knows none of them, and has layers of its own."""
    rules, above = [], []
    for layer in LIBRARY_LAYERS:
        for path in layer:
            beside = [f"!{other}" for other in layer if other != path]
            rules.append(({"path": path}, *above, *beside, "/**", OUTSIDE, "*"))
        above += [f"!{path}" for path in layer]
    __dependencies_rules__(*rules, ("*", OUTSIDE, "*"))


def command_line():
    """Speaks to services over HTTP, and is installed without what they need."""
    no_server = ("!//libs/florin/telemetry/**", "!//3rdparty/python#aiohttp", SERVER_LIBRARIES)
    __dependencies_rules__(("*", ("/**", *no_server, OUTSIDE, "*")))


def kubernetes_operator():
    """Speaks to merchants over HTTP; of the shared library it takes contracts and what has no server in it."""
    __dependencies_rules__(("*", ("/**", SERVER_LIBRARIES, OUTSIDE, "*")))


def kubectl_plugin():
    """Speaks through kubectl. It prints as the command line does, and knows the operator's names and reasons."""
    screen = tuple(f"//libs/florin_cli/{name}.py" for name in ("__init__", "cells", "failure", "screen"))
    names = tuple(f"//operator/merchant_operator/{name}.py" for name in ("__init__", "names", "problems"))
    no_client = ("!//libs/florin/telemetry/**", "!//3rdparty/python#aiohttp", "!//3rdparty/python#kopf")
    __dependencies_rules__(("*", ("/**", *screen, *names, *no_client, SERVER_LIBRARIES, OUTSIDE, "*")))


def development_tools():
    """May look at everything, to run and describe it, but at tests."""
    __dependencies_rules__(("*", ("!//tests/**", "*")))


def only_for_tests():
    """Nothing that runs in production imports tests."""
    __dependents_rules__(("*", "//tests/**", "!*"))
