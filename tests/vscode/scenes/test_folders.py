"""Folders with settings, tests and an environment of their own, each in a window of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.package import CART, add_tests, package_in
from tests.vscode.browser import Window
from tests.vscode.scenes.conftest import Open
from tests.vscode.scenes.texts import HOPELESS, STUB, verified

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def test_stop_keeps_the_best_and_says_that_it_is_not_proved(alone: Open):
    long = json.dumps({"atlas.k": 64, "atlas.timeout": 600})
    one = alone({"a.py": HOPELESS, ".vscode/settings.json": long})
    one.click(one.lens("Solve"))
    running = one.toast("Atlas: solve is_even")
    one.until(lambda: "generate: " in running.inner_text(), "a first candidate and more to come")
    one.command("Atlas: Stop, Keep the Best so Far")
    told = one.toast("unverified")
    assert "Apply" not in told.inner_text()
    one.shot("stopped")
    assert one.saved("a.py") == HOPELESS


def test_changed_settings_are_heard_while_running(alone: Open):
    one = alone({"a.py": STUB, "pyproject.toml": "", ".vscode/settings.json": "{}"})
    one.lens("Solve")
    (one.project / "pyproject.toml").write_text("[tool.atlas]\ncodeLens = false\n")
    one.until(lambda: not one.lenses, "no lens by the project's file")
    setting = {"atlas.codeLens": True}
    (one.project / ".vscode" / "settings.json").write_text(json.dumps(setting))
    one.lens("Solve")


def test_ghost_text_is_off_until_asked_for_and_accepted_by_tab(alone: Open):
    settings = json.dumps({"atlas.ghostText": True, "atlas.apply": "offer"})
    one = alone({"a.py": STUB, ".vscode/settings.json": settings})
    one.lens("Solve")
    one.go_to(8, 8)
    one.command("Atlas: Solve this Function")
    one.toast("verified")
    one.page.locator(".ghost-text, .ghost-text-decoration").first.wait_for()
    one.shot("ghost-text")
    one.page.keyboard.press("Tab")
    one.until(lambda: "return" in one.saved("a.py"), "the edit")
    text = one.saved("a.py")
    assert text.startswith(STUB)
    assert verified(text)


def test_a_failing_test_of_the_project_is_repaired_from_its_diagnostic(alone: Open, tmp_path: Path):
    """In a package with an environment; lens and explorer count its tests with the examples."""
    project = tmp_path / "project"
    project.mkdir()
    file = package_in(project, CART)
    add_tests(project)
    one = alone({}, show=False)
    one.open("cart.py")
    one.lens("Tests")
    one.command("Atlas: Run the Examples of this File")
    one.lens("Repair (6 of 7 examples and tests fail)")
    one.go_to(CART[: CART.index("def half")].count("\n") + 1, 8)
    one.command("Problems: Focus on Problems View")
    one.page.locator(".markers-panel", has_text="test_two_pay_the_whole").wait_for()
    one.shot("failing-test")
    one.command("Test: Run All Tests")
    one.command("Testing: Focus on Test Explorer View")
    unfold(one, "cart.py")
    unfold(one, "half")
    for name in ("test_coins_come_out", "test_two_pay_the_whole[10]"):
        row = listed(one, name)
        row.wait_for()
        one.until(lambda row=row: "Failed" in row.get_attribute("aria-label"), f"{name} failed")
    one.shot("project-tests")
    one.page.locator(".tab", has_text="cart.py").first.click()
    one.light_bulb("repair `half`")
    one.button(one.toast("verified, 7/7"), "Apply")
    one.until(lambda: "// 2" in one.saved("src/shop/cart.py"), "the edit")
    assert file.read_text() == CART.replace("// 3", "// 2")


def listed(one: Window, name: str) -> Any:
    """Its row in the Test Explorer."""
    return one.page.locator(".test-explorer .monaco-list-row", has_text=name).first


def unfold(one: Window, name: str) -> None:
    """Show what stands below a row, once there is something."""
    row = listed(one, name)
    one.until(lambda: row.get_attribute("aria-expanded") is not None, f"something below {name}")
    if row.get_attribute("aria-expanded") == "false":
        row.locator(".monaco-tl-twistie").click()
