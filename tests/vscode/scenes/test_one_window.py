"""What a user of VS Code does, in a real one; each scene leaves a picture in build/vscode-shots.

The scenes share one window, and each has a file of its own in it.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.vscode.scenes.conftest import Show
from tests.vscode.scenes.texts import CLAMP, HOPELESS, MIDDLE, STUB, WRONG, verified

pytestmark = [pytest.mark.docker, pytest.mark.slow]

TYPED = "# typed during the job"


def test_solve_by_the_lens_and_apply(window: Show):
    one = window({"lens.py": STUB})
    one.shot("lens")
    one.click(one.lens("Solve"))
    told = one.toast("verified")
    one.shot("solved")
    one.button(told, "Apply")
    one.until(lambda: "return" in one.saved("lens.py"), "the edit")
    text = one.saved("lens.py")
    assert text.startswith(STUB)
    assert verified(text)
    one.lens("Evidence")
    one.shot("applied")


def test_solve_by_the_light_bulb_while_one_types(window: Show):
    one = window({"bulb.py": STUB})
    one.lens("Solve")
    one.light_bulb("solve `is_even`")
    one.page.keyboard.press("Control+End")
    one.page.keyboard.type(f"\n{TYPED}\n")
    one.button(one.toast("verified"), "Apply")
    one.until(lambda: "return" in one.saved("bulb.py"), "the edit")
    text = one.saved("bulb.py")
    assert text.startswith(STUB)
    assert text.count(TYPED) == 1
    assert verified(text)


def test_a_running_job_shows_counts_and_is_cancelled_where_it_shows(window: Show):
    one = window({"endless.py": HOPELESS})
    one.click(one.lens("Solve"))
    running = one.toast("Atlas: solve is_even")
    one.until(lambda: re.search(r"\d+ (tokens|tests)", running.inner_text()), "real counts")
    one.status("Atlas: ")
    one.shot("running")
    one.button(running, "Cancel")
    one.until(lambda: ":" not in one.status("Atlas").inner_text(), "the end of the job")
    assert one.saved("endless.py") == HOPELESS
    one.shot("cancelled")


def test_repair_from_the_diagnostic(window: Show):
    one = window({"failing.py": WRONG})
    one.lens("Tests")
    one.command("Atlas: Run the Examples of this File")
    one.lens("Repair (2 of 2 examples fail)")
    one.go_to(4, 8)
    one.shot("diagnostic")
    one.light_bulb("repair `is_even`")
    one.button(one.toast("verified"), "Apply")
    one.until(lambda: one.saved("failing.py") != WRONG, "the edit")
    assert verified(one.saved("failing.py"))


def test_the_diff_is_read_only_and_applied_from_its_title(window: Show):
    one = window({"diff.py": WRONG})
    one.lens("Tests")
    one.command("Atlas: Repair this Function")
    one.button(one.toast("verified"), "Show Diff")
    one.page.locator(".monaco-diff-editor").wait_for()
    one.page.locator(".tab.active", has_text="verified").wait_for()
    one.shot("diff")
    for title in ("Apply the Solution", "Again, with Another Seed", "Discard the Solution"):
        assert one.page.locator(f".editor-actions a[aria-label*='{title}']").count() == 1
    one.page.locator(".monaco-diff-editor .modified-in-monaco-diff-editor .view-lines").click()
    one.page.keyboard.type("x")
    assert not one.page.locator(".tab.active.dirty").count()
    one.page.keyboard.press("Escape")
    one.click(one.page.locator(".editor-actions a[aria-label*='Apply the Solution']"))
    one.page.locator(".tab.active", has_text="diff.py").wait_for()
    one.until(lambda: one.saved("diff.py") != WRONG, "the edit")
    assert verified(one.saved("diff.py"))


def test_a_result_is_discarded_from_its_diff(window: Show):
    one = window({"discarded.py": WRONG})
    one.lens("Tests")
    one.command("Atlas: Repair this Function")
    one.button(one.toast("verified"), "Show Diff")
    one.click(one.page.locator(".editor-actions a[aria-label*='Discard the Solution']"))
    one.page.locator(".monaco-diff-editor").wait_for(state="hidden")
    one.page.locator(".tab.active", has_text="discarded.py").wait_for()
    one.go_to(1, 6)
    assert not [title for title in one.actions() if "apply" in title]
    assert (one.project / "discarded.py").read_text() == WRONG


def test_apply_stands_first_in_the_light_bulb(window: Show):
    one = window({"first.py": STUB})
    one.click(one.lens("Solve"))
    one.toast("verified")
    one.go_to(1, 6)
    titles = one.actions()
    one.shot("light-bulb")
    ours = [title for title in titles if "Atlas" in title]
    assert "apply verified" in ours[0]


def test_the_evidence_is_a_rendered_page(window: Show):
    one = window({"evidence.py": STUB})
    one.click(one.lens("Solve"))
    one.button(one.toast("verified"), "Evidence")
    one.until(lambda: "is_even: verified" in rendered(one), "the page")
    one.until(lambda: "How it was made" in rendered(one), "its last section")
    one.shot("evidence")


def rendered(one: Any) -> str:
    """The text of the Markdown preview, which stands in frames within frames."""
    from playwright.sync_api import Error

    found = ""
    for frame in one.page.frames:
        try:
            if frame != one.page.main_frame and frame.locator("h1").count():
                found += frame.locator("body").inner_text()
        except Error:
            # The preview puts a new frame in place of the old one.
            continue
    return found


def test_generated_tests_are_added_to_the_docstring(window: Show):
    one = window({"clamp.py": CLAMP})
    one.click(one.lens("Tests"))
    told = one.toast("new test")
    one.shot("tests")
    one.button(told, "Add Tests")
    one.until(lambda: one.saved("clamp.py").count(">>>") > 1, "the tests")
    assert verified(one.saved("clamp.py"))


def test_a_question_is_a_quick_pick_and_its_answer_an_example(window: Show):
    one = window({"middle.py": MIDDLE})
    one.lens("Tests")
    one.command("Atlas: Repair this Function")
    told = one.toast("Candidates differ")
    one.button(told, "Choose…")
    pick = one.page.locator(".quick-input-widget")
    pick.locator(".monaco-list-row", has_text="Neither").wait_for()
    one.shot("question")
    one.page.keyboard.press("Enter")
    one.until(lambda: one.saved("middle.py").count(">>>") == 2, "the example")
    assert verified(one.saved("middle.py"))


def test_the_examples_run_in_the_test_explorer(window: Show):
    one = window({"explored.py": WRONG})
    one.lens("Tests")
    one.command("Test: Run All Tests")
    one.command("Testing: Focus on Test Explorer View")
    row = one.page.locator(".test-explorer .monaco-list-row", has_text="explored.py")
    row.wait_for()
    one.until(lambda: "Failed" in row.get_attribute("aria-label"), "the failure in the tree")
    shown = one.page.locator(".monaco-editor", has_text="gave 'False', expected 'True'").first
    shown.wait_for()
    one.shot("test-explorer")


def test_a_killed_server_is_told_and_what_it_had_finished_comes_back(window: Show):
    one = window({"crash.py": STUB})
    one.click(one.lens("Solve"))
    one.toast("verified")
    one.server.kill_servers()
    one.toast("the server ended and is started again")
    one.lens("Evidence")
    one.shot("crashed")
    one.go_to(1, 6)
    one.light_bulb("apply verified")
    one.until(lambda: "return" in one.saved("crash.py"), "the edit")
    assert verified(one.saved("crash.py"))
