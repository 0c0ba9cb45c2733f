"""The ways to a command: status bar, keys, the editor's menu, the palette."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.vscode.browser import STATUS, Window
from tests.vscode.scenes.conftest import Show
from tests.vscode.scenes.texts import STUB, WRONG, verified

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def test_the_status_bar_has_a_menu_of_results_and_a_picker_of_models(window: Show):
    one = window({"menu.py": STUB})
    one.click(one.lens("Solve"))
    one.toast("verified")
    menu(one, "waits")
    one.page.locator(".monaco-diff-editor").wait_for()
    one.click(one.page.locator(".tab", has_text="menu.py").first)
    menu(one, "Model")
    row(one, "A GGUF file").wait_for()
    one.click(row(one, "An installed name"))
    one.page.locator(".quick-input-widget", has_text="atlas model list").wait_for()
    one.page.keyboard.type("other")
    one.page.keyboard.press("Enter")
    one.until(lambda: chosen(one) == "other", "another model")
    menu(one, "Model")
    one.click(row(one, "embedded: small"))
    one.until(lambda: chosen(one) == "nano", "the embedded model")
    # Another model is another server, which knows what the one before had finished.
    one.lens("Evidence")


def chosen(one: Window) -> Any:
    """The model in the settings of the machine, where VS Code keeps what is of its scope."""
    path = one.server.folder / "Machine" / "settings.json"
    return json.loads(path.read_text() or "{}").get("atlas.model") if path.exists() else None


def menu(one: Window, what: str) -> None:
    one.click(one.page.locator(STATUS))
    for name in ("Doctor", "Model", "Settings", "Restart", "Log"):
        row(one, name).wait_for()
    one.shot("menu")
    one.click(row(one, what))


def row(one: Window, text: str) -> Any:
    return one.page.locator(".quick-input-list .monaco-list-row", has_text=text).first


def test_keys_solve_and_apply(window: Show):
    one = window({"keys.py": STUB})
    one.lens("Solve")
    one.go_to(1, 6)
    one.page.keyboard.press("Control+Alt+a")
    one.page.keyboard.press("s")
    one.toast("verified")
    one.page.keyboard.press("Control+Alt+a")
    one.page.keyboard.press("a")
    one.until(lambda: "return" in one.saved("keys.py"), "the edit")
    assert verified(one.saved("keys.py"))


def test_the_menu_of_the_editor_repairs(window: Show):
    one = window({"submenu.py": WRONG})
    one.lens("Tests")
    one.page.locator(".view-line", has_text="return").first.click(button="right")
    one.page.locator(".monaco-menu .action-label", has_text="Atlas").first.hover()
    item = one.page.locator(".monaco-menu .action-label", has_text="Repair this Function").first
    item.wait_for()
    one.shot("submenu")
    one.click(item)
    one.button(one.toast("verified"), "Apply")
    one.until(lambda: one.saved("submenu.py") != WRONG, "the edit")
    assert verified(one.saved("submenu.py"))


def test_one_command_repairs_what_fails_in_a_file(window: Show):
    right = STUB.replace("is_even", "is_odd").replace("even?", "odd?")
    right = right.replace("True", "-").replace("False", "True").replace("-", "False")
    text = f"{right}    return n % 2 == 1\n\n\n{WRONG}"
    one = window({"fails.py": text})
    one.lens("Tests")
    one.command("Atlas: Repair what Fails in this File")
    one.button(one.toast("is_even: verified"), "Apply")
    one.until(lambda: one.saved("fails.py") != text, "the edit")
    assert one.saved("fails.py").startswith(text[: text.index("def is_even")])
    assert verified(one.saved("fails.py"))


def test_without_a_python_file_the_palette_has_nothing_on_functions(window: Show):
    one = window({"palette.txt": "no code\n"})
    one.page.keyboard.press("F1")
    one.page.keyboard.type("Atlas: ")
    row(one, "Atlas: Doctor").wait_for()
    shown = one.page.locator(".quick-input-list .monaco-list-row").all_inner_texts()
    assert not any("this Function" in title or "this File" in title for title in shown)
    one.page.keyboard.press("Escape")


def test_nothing_else_uses_the_suggested_keys(window: Show):
    """VS Code's own list of shortcuts, asked for what begins as ours do."""
    one = window({"own.py": STUB})
    one.lens("Solve")
    one.go_to(1, 1)
    one.page.keyboard.press("Control+k")
    one.page.keyboard.press("Control+s")
    one.page.locator(".keybindings-editor").wait_for()
    one.page.keyboard.type('"ctrl+alt+a"')
    rows = one.page.locator(".keybindings-editor .monaco-list-row")
    one.until(lambda: rows.count() == 6, "only the shortcuts that begin so")
    one.shot("shortcuts")
    assert all("Atlas" in text for text in rows.all_inner_texts())
