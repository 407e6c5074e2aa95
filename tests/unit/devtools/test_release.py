"""A release has one version, told by everything in it, and can be checked by whoever downloads it."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from devtools import release
from devtools.failure import Failure
from devtools.places import CHECKOUT, SOURCE_ROOTS

VERSION = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
UMBRELLA = "charts/florin/Chart.yaml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what tells a version."""
    for file in [*(CHECKOUT / "charts").rglob("Chart.yaml"), *(CHECKOUT / name for name in release.IN_TEXTS)]:
        (copy := tmp_path / file.relative_to(CHECKOUT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    return tmp_path


def test_everything_tells_the_version_of_the_next_release() -> None:
    assert release.other_versions(VERSION) == []


@pytest.mark.parametrize(
    ("place", "before", "after", "told"),
    [
        ("pyproject.toml", f'version = "{VERSION}"', 'version = "9.9.9"', ""),
        ("libs/florin/version.py", f'VERSION = "{VERSION}"', 'VERSION = "9.9.9"', ""),
        ("docs/guides/install-on-kubernetes.md", f"tag: {VERSION}", "tag: 9.9.9", ""),
        ("charts/florin/charts/florin-payments/Chart.yaml", f"\nversion: {VERSION}", "\nversion: 9.9.9", ""),
        (UMBRELLA, f"appVersion: {VERSION}", 'appVersion: "9.9.9"', ", appVersion"),
        (UMBRELLA, f"florin-try-out, version: {VERSION}", "florin-try-out, version: 9.9.9", ", florin-try-out"),
    ],
)
def test_one_place_alone_that_tells_another_version_is_named(
    place: str, before: str, after: str, told: str, checkout: Path
) -> None:
    text = (checkout / place).read_text()
    assert before in text
    (checkout / place).write_text(text.replace(before, after))
    assert release.other_versions(VERSION, checkout) == [f"{place}{told}: 9.9.9"]


def test_no_program_tells_a_version_of_its_own() -> None:
    sources = [path for root in SOURCE_ROOTS for path in root.rglob("*.py")]
    told = [str(path) for path in sources if re.search(r'^_?VERSION = "\d', path.read_text(), re.M)]
    assert told == [str(CHECKOUT / "libs/florin/version.py")]


def test_a_place_that_no_longer_tells_a_version_is_named(checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text("")
    assert release.other_versions(VERSION, checkout) == ["pyproject.toml: none"]


def test_a_release_of_another_version_names_what_to_change() -> None:
    with pytest.raises(Failure, match=r"not 9\.9\.9 yet(.*\n)+ +charts/florin/Chart\.yaml: "):
        release.build("9.9.9")


def test_whoever_downloads_a_release_can_check_all_of_its_list(tmp_path: Path) -> None:
    for name in ("florin-1.2.3.pex", "florin-1.2.3.tgz", "payments.tar", "images.json"):
        (tmp_path / name).write_text(name)
    release.write_sums(tmp_path)
    downloaded = {line.split()[1] for line in (tmp_path / "SHA256SUMS").read_text().splitlines()}
    assert downloaded == {"florin-1.2.3.pex", "florin-1.2.3.tgz"}
    # The jobs that publish check both lists.
    check = ["sha256sum", "--check", "--strict", *release.LISTS]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout.count(": OK")) == (0, 4)


def test_the_check_of_a_signature_takes_this_projects_only() -> None:
    page = (CHECKOUT / "CONTRIBUTING.md").read_text()
    (pattern,) = re.findall(r"--certificate-identity-regexp '(.+)'", page)
    signer = re.compile(pattern.replace("OWNER/REPO", "florin/florin"))
    workflow = ".github/workflows/release.yml@refs/tags/v1.2.3"
    assert signer.search(f"https://github.com/florin/florin/{workflow}")
    for other in (
        f"https://github.com/mallory/florin/{workflow}",
        f"https://git.example/https://github.com/florin/florin/{workflow}",
        "https://github.com/florin/florin/.github/workflows/release.yml@refs/heads/main",
        "https://github.com/florin/florin/.github/workflows/release-yml@refs/tags/v1.2.3",
    ):
        assert not signer.search(other), other
    assert "--certificate-oidc-issuer https://token.actions.githubusercontent.com" in page
