"""A student's first minutes: an exercise in JupyterLab, a wrong answer, the mistake named, and a right one."""

import json
from collections.abc import Iterator

import pytest
from browser import Browser, program
from lab import Lab, at_home, checkout

NOTEBOOK = "exercises/3_algorithms/3_3_optimisation_strategies.ipynb"
EXERCISE = "cosine_schedule"
WRONG = """\
def cosine_schedule(step, warmup_steps, total_steps):
    rising = step / max(1, warmup_steps)
    progress = step / max(1, total_steps)
    falling = (1 + math.cos(math.pi * progress)) / 2
    return rising if step < warmup_steps else falling"""
RIGHT = WRONG.replace("step / max(1, total_steps)", "(step - warmup_steps) / max(1, total_steps - warmup_steps)")
READY = "document.querySelector('#jp-main-statusbar')?.innerText.includes('| Idle')"
MISTAKE = "a progress counted from step 0: the rate jumps down where the warm-up ends."

pytestmark = pytest.mark.skipif(program() is None, reason="no Chromium: apt-get install chromium")


@pytest.fixture
def page(tmp_path) -> Iterator[Browser]:
    """The notebook, open, with a kernel."""
    folder = checkout(tmp_path / "minisft", "exercises")
    with (
        Lab(folder, at_home(tmp_path, tmp_path / "exchange")) as lab,
        Browser(lab.address(f"/lab/tree/{NOTEBOOK}")) as page,
    ):
        page.wait_for(READY)
        yield page


def cell(text: str, part: str) -> str:
    """An expression for a part of the first code cell in which this stands."""
    cells = "[...document.querySelectorAll('.jp-CodeCell')]"
    holds = f"cell.querySelector('.cm-content')?.innerText.includes({json.dumps(text)})"
    return f"{cells}.find(cell => {holds})?.querySelector('{part}')"


def run(page: Browser, text: str, shows: str = "") -> str:
    """Run that cell from the keyboard, and wait until it has run and shows this below; returns all that it shows."""
    prompt, below = f"{cell(text, '.jp-InputPrompt')}?.innerText", f"{cell(text, '.jp-OutputArea')}?.innerText ?? ''"
    page.click(cell(text, ".cm-content"))
    before = page.value(prompt)
    page.press_control("Enter")
    page.wait_for(f"/\\[\\d+\\]/.test({prompt}) && {prompt} !== {json.dumps(before)}")
    page.wait_for(f"({below}).includes({json.dumps(shows)})")
    return page.value(below)


def write(page: Browser, text: str, source: str) -> None:
    """Replace what stands in that cell."""
    page.click(cell(text, ".cm-content"))
    page.press_control("a")
    page.write(source)
    page.wait_for(f"{cell(text, '.cm-content')}.innerText.trim() === {json.dumps(source)}")


def test_a_wrong_answer_is_named_and_a_right_one_passes(page) -> None:
    run(page, "from minisft.checks import check")
    write(page, f"def {EXERCISE}", WRONG)
    assert run(page, f"def {EXERCISE}") == ""
    said = run(page, f'check("{EXERCISE}"', shows=f"{EXERCISE}: not yet")
    assert MISTAKE in " ".join(said.split())
    write(page, f"def {EXERCISE}", RIGHT)
    assert run(page, f"def {EXERCISE}") == ""
    said = run(page, f'check("{EXERCISE}"', shows=f"{EXERCISE}: right, on all ")
    assert "wrong" not in said
    assert said.strip().splitlines()[-1].startswith("  right "), "nothing else, such as the value of check"
