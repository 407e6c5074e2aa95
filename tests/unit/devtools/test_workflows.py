"""The workflows call ./dev as it is, and take nothing from strangers by name alone."""

import json
import re
from pathlib import Path

import pytest
import yaml

from devtools import release
from devtools.main import GROUPS

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = [*WORKFLOWS, *(ROOT / ".github/actions").glob("*/action.yml")]
COMMANDS = {name for names in GROUPS.values() for name in names} | {"cluster"}
# No commit of a release of it is known for certain; the bot pins it.
BY_TAG = {"pantsbuild/actions/init-pants@v10"}


@pytest.mark.parametrize("path", [*ACTIONS, ROOT / ".ci/run", *(ROOT / ".githooks").iterdir()], ids=lambda p: p.name)
def test_every_command_of_dev_that_is_called_exists(path: Path) -> None:
    called = set(re.findall(r"(?:^|run: |exec |! )\./dev ([a-z-]+)", path.read_text(), re.M))
    assert called <= COMMANDS


def test_workflows_run_everything_that_people_run() -> None:
    # Not theirs: people's arguments, the second try (it is indented), and leave to have no cluster.
    by_hand = (ROOT / ".ci/run").read_text().replace(' "$@"', "").replace(" --if-possible", "")
    commands = set(re.findall(r"^\./dev .+", re.sub(r"^tested(?!\()", "./dev test", by_hand, flags=re.M), re.M))
    run: set[str] = set()
    for name in ("ci", "nightly"):
        jobs = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())["jobs"].values()
        run |= {step.get("run", "") for job in jobs for step in job["steps"]}
    assert {"./dev test", "./dev generate --check", "./dev test operator"} <= commands
    assert commands - run == set()


def test_pants_finds_its_python_where_there_is_no_debian() -> None:
    action = yaml.safe_load((ROOT / ".github/actions/prepare/action.yml").read_text())
    (given,) = [step["with"] for step in action["runs"]["steps"] if "setup-python@" in step.get("uses", "")]
    assert given["python-version"].split("\n")[0] == "3.9"


@pytest.mark.parametrize("path", [*ACTIONS, ROOT / ".ci/run"], ids=lambda p: p.name)
def test_the_platform_is_started_in_the_background(path: Path) -> None:
    options = re.findall(r"\./dev up\b(.*)", path.read_text())
    assert all("--detach" in given for given in options), "./dev up stays until somebody stops it; nobody is there"


@pytest.mark.parametrize("path", ACTIONS, ids=lambda p: p.name)
def test_actions_are_pinned_to_commits(path: Path) -> None:
    used = re.findall(r"uses: (\S+)", path.read_text())
    loose = {name for name in used if not name.startswith("./") and not re.search(r"@[0-9a-f]{40}$", name)}
    assert loose <= BY_TAG


@pytest.mark.parametrize("action", BY_TAG)
def test_the_bot_raises_no_tag_silently(action: str) -> None:
    rules = json.loads((ROOT / ".github/renovate.json").read_text())["packageRules"]
    owner = "/".join(action.split("/")[:2])
    (rule,) = [rule for rule in rules if any(name.startswith(owner) for name in rule.get("matchPackageNames", ()))]
    assert rule["enabled"] is False
    assert "major" in rule["matchUpdateTypes"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_jobs_may_little_and_end(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert "uses" in job or job["timeout-minutes"] <= 90, name
        writes = {right for right, level in job.get("permissions", {}).items() if level == "write"}
        runs_our_code = any("./dev" in step.get("run", "") for step in job.get("steps", []))
        assert not (writes and runs_our_code), f"{name} runs our code and may write {writes}"
        for step in job.get("steps", []):
            assert "${{" not in step.get("run", ""), f"{name}: a value in a script is a way in; pass it by env"
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name


def test_what_a_release_publishes_is_signed_and_told_of_where_it_is_published() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]
    publishing = {
        name: job["steps"] for name, job in jobs.items() if job.get("permissions", {}).get("packages") == "write"
    }
    assert publishing.keys() == {"image", "charts"}
    for name, steps in publishing.items():
        for action in ("attest-sbom", "attest-build-provenance"):
            (given,) = [step["with"] for step in steps if f"actions/{action}@" in step.get("uses", "")]
            assert given["push-to-registry"] is True, name
            assert "steps.pushed.outputs.digest" in given["subject-digest"], name
        assert any("cosign sign " in step.get("run", "") for step in steps), name
    assert tuple(jobs["charts"]["strategy"]["matrix"]["chart"]) == release.PUBLISHED_CHARTS


def test_the_files_of_a_release_are_those_of_its_list() -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text()
    assert f"sha256sum --check {' '.join(release.LISTS)}" in text
    uploaded = set(re.findall(r"\./\*(\.\w+)\*", text))
    assert uploaded == set(release.DOWNLOADED)
