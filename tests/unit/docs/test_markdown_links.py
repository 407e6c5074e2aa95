"""Links between our own pages lead somewhere, to the heading as well."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[3]
README_LINES_MAX = 100
_FENCE = re.compile(r"^ *```.*?^ *```", re.M | re.S)
_INLINE_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.M)
_ANCHOR = re.compile(r'<a (?:id|name)="([^"]+)"')
_SKIPPED = {".git", "node_modules", "dist"}


def pages() -> list[str]:
    """Every Markdown file of the repository, also those that are not committed yet."""
    listing = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard", "*.md"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]
    else:  # an unpacked archive
        names = [str(page.relative_to(ROOT)) for page in ROOT.rglob("*.md") if not _SKIPPED & set(page.parts)]
    return sorted(names)


def prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings, and those that it writes itself."""
    found: dict[str, int] = {}
    names = set(_ANCHOR.findall(page.read_text()))
    for heading in _HEADING.findall(prose(page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        count = found[name] = found.get(name, -1) + 1
        names.add(f"{name}-{count}" if count else name)
    return names


@pytest.mark.parametrize("name", pages())
def test_internal_links_resolve(name: str) -> None:
    page = ROOT / name
    for link in _LINK.findall(_INLINE_CODE.sub("", prose(page))):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), f"{name}: {link} leaves the repository"
        assert target.exists(), f"{name}: {link} leads nowhere"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{name}: {link} has no such heading"


def test_readme_is_short_and_has_a_picture() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= README_LINES_MAX
    assert "```mermaid\nflowchart" in readme


def test_the_index_names_every_page_of_its_three_readers() -> None:
    index = ROOT / "docs/README.md"
    named = {(index.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(prose(index))}
    pages_of_their_own = {*(ROOT / "docs/guides").glob("*.md"), *(ROOT / "docs/reference").glob("*.md")}
    assert pages_of_their_own <= named, sorted(page.name for page in pages_of_their_own - named)


def test_the_index_names_the_guides_that_no_test_tries() -> None:
    texts = [file.read_text() for file in (ROOT / "tests").rglob("*.py")]
    tests = "".join(text for text in texts if re.search(r'docs/guides|"guides"', text))
    guides = {page.name for page in (ROOT / "docs/guides").glob("*.md")}
    without = {name for name in guides if not re.search(rf'["/]{name.removesuffix(".md")}(\.md)?[" ,]', tests)}
    (told,) = re.findall(r"No test tries (.*?)\.\n", (ROOT / "docs/README.md").read_text(), re.S)
    assert {Path(link).name for link in _LINK.findall(told)} == without


def test_every_page_can_be_found_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for link in _LINK.findall(prose(page)):
            target = (page.parent / unquote(link).partition("#")[0]).resolve()
            if "://" not in link and target.suffix == ".md" and target.exists():
                waiting.append(target)
    everything = set((ROOT / "docs").rglob("*.md"))
    assert everything <= seen, sorted(str(page.relative_to(ROOT)) for page in everything - seen)
