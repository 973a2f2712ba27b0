"""`make lab` opens with the map, shown as a page; its links lead to the sections of notebooks."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, program
from jupyterlab_server.settings_utils import get_settings
from lab import ROOT, Lab, at_home, checkout, command_of_lab

LINK = "[...document.querySelectorAll('.jp-MarkdownViewer a')].find(one => one.textContent.startsWith('{}'))"
NOTEBOOK = "[...document.querySelectorAll('.jp-NotebookPanel')].find(one => one.offsetParent)"
HEADING = f"[...({NOTEBOOK}?.querySelectorAll('h2') ?? [])].find(one => one.textContent.startsWith('{{}}'))"


def option(name: str) -> str:
    """What `make lab` sets."""
    (value,) = (word.partition("=")[2] for word in command_of_lab(ROOT) if word.startswith(f"--LabApp.{name}="))
    return value


def test_markdown_is_shown_as_a_page_and_nobody_is_asked_for_news(tmp_path) -> None:
    folder = ROOT / option("app_settings_dir")
    schemas = Path(sys.prefix) / "share/jupyter/lab/schemas"
    for name, setting, value in (
        ("docmanager-extension:plugin", "defaultViewers", {"markdown": "Markdown Preview"}),
        ("apputils-extension:notification", "fetchNews", "false"),
    ):
        found, warnings = get_settings(str(folder), str(schemas), str(tmp_path), f"@jupyterlab/{name}")
        assert found["schema"]["properties"][setting]["default"] == value
        assert not any(warnings)


def test_what_is_opened_is_there() -> None:
    assert (ROOT / option("default_url").removeprefix("/lab/tree/")).is_file()


@pytest.fixture
def page(tmp_path) -> Iterator[Browser]:
    """What a learner sees first."""
    folder = checkout(tmp_path / "minisft", "chapters", "exercises")
    with Lab(folder, at_home(tmp_path, tmp_path / "exchange")) as lab, Browser(lab.address("/")) as page:
        yield page


@pytest.mark.skipif(program() is None, reason="no Chromium: apt-get install chromium")
def test_the_map_is_shown_and_leads_to_a_section(page) -> None:
    page.wait_for("document.querySelector('.jp-MarkdownViewer h1')?.textContent.startsWith('The map of the course')")
    assert page.value("document.querySelectorAll('.jp-MarkdownViewer table').length") >= 9
    assert page.value("document.querySelectorAll('.jp-FileEditor, .jp-Dialog').length") == 0
    page.click(LINK.format("3.1.3 "))
    heading = HEADING.format("3.1.3 ")
    # within a page of it: pictures above may still be drawn, and move it
    page.wait_for(f"{heading} && Math.abs({heading}.getBoundingClientRect().top) < 1.5 * innerHeight")
