"""The walkthrough, in a window where nothing was proved yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vscode.browser import Window
from tests.vscode.scenes.conftest import Open
from tests.vscode.scenes.texts import STUB

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def test_the_walkthrough_checks_its_steps(alone: Open):
    one = alone({"walk.py": STUB})
    one.lens("Solve")
    one.command("Welcome: Open Walkthrough...")
    one.page.keyboard.type("From nothing to the first proof")
    one.page.keyboard.press("Enter")
    one.page.locator(".getting-started-step").first.wait_for()
    assert not any(is_done(one, step) for step in ("server", "model", "docker", "proof"))
    one.click(
        one.page.locator(".getting-started-step .monaco-button", has_text="Ask the doctor").first
    )
    for step in ("server", "model", "docker"):
        one.until(lambda step=step: is_done(one, step), f"the step {step}")
    assert not is_done(one, "proof")
    one.shot("walkthrough")
    one.command("Atlas: First Proof on an Example File")
    one.click(one.lens("Solve"))
    one.button(one.toast("verified"), "Apply")
    one.page.locator(".view-line", has_text="return").wait_for()
    one.page.locator(".tab", has_text="Walkthrough").first.click()
    one.until(lambda: is_done(one, "proof"), "the first proof")


def is_done(one: Window, step: str) -> Any:
    mark = f".getting-started-step[data-step-id$='#{step}'] .codicon.complete"
    return one.page.locator(mark).count()
