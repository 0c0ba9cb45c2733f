"""What a user of VS Code does, in a real one; each scene leaves a picture in build/vscode-shots."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.vscode.browser import STATUS, UNASKED, CodeServer
from tests.vscode.conftest import Open

pytestmark = [pytest.mark.docker, pytest.mark.slow]

STUB = '''\
def is_even(n):
    """Is n even?

    >>> is_even(4)
    True
    >>> is_even(7)
    False
    """
'''
WRONG = STUB + "    return n % 2 == 1\n"
HOPELESS = STUB.replace("    False", "    'never'")
MIDDLE = '''\
def middle(low, high):
    """A number in the middle.

    >>> middle(2, 4)
    3
    """
    return low + high - 2
'''
CLAMP = '''\
def clamp(x, low, high):
    """Hold x between low and high.

    >>> clamp(5, 0, 10)
    5
    """
    if x < low:
        return low
    if x > high:
        return high
    return x
'''
TYPED = "# typed during the job"


def verified(text: str) -> bool:
    """The doctests of the text hold, in a namespace of its own; the functions here are harmless."""
    import doctest

    names: dict[str, Any] = {}
    exec(text, names)
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner(verbose=False)
    made = [one for name, one in names.items() if callable(one)]
    tests = [test for one in made for test in finder.find(one, globs=names, module=False)]
    results = [runner.run(test, out=lambda _: None) for test in tests]
    return bool(results) and all(not one.failed for one in results)


def test_solve_by_the_lens_and_apply(window: Open):
    one = window({"a.py": STUB})
    one.shot("lens")
    one.click(one.lens("Solve"))
    told = one.toast("verified")
    one.shot("solved")
    one.button(told, "Apply")
    one.until(lambda: "return" in one.saved("a.py"), "the edit")
    text = one.saved("a.py")
    assert text.startswith(STUB)
    assert verified(text)
    one.lens("Evidence")
    one.shot("applied")


def test_solve_by_the_light_bulb_while_one_types(window: Open):
    one = window({"a.py": STUB})
    one.lens("Solve")
    one.light_bulb("solve `is_even`")
    one.page.keyboard.press("Control+End")
    one.page.keyboard.type(f"\n{TYPED}\n")
    one.button(one.toast("verified"), "Apply")
    one.until(lambda: "return" in one.saved("a.py"), "the edit")
    text = one.saved("a.py")
    assert text.startswith(STUB)
    assert text.count(TYPED) == 1
    assert verified(text)


def test_a_running_job_shows_counts_and_is_cancelled_where_it_shows(window: Open):
    one = window({"a.py": HOPELESS})
    one.click(one.lens("Solve"))
    running = one.toast("Atlas: solve is_even")
    one.until(lambda: re.search(r"\d+ (tokens|tests)", running.inner_text()), "real counts")
    one.status("Atlas: ")
    one.shot("running")
    one.button(running, "Cancel")
    one.until(lambda: ":" not in one.status("Atlas").inner_text(), "the end of the job")
    assert one.saved("a.py") == HOPELESS
    one.shot("cancelled")


def test_stop_keeps_the_best_and_says_that_it_is_not_proved(window: Open):
    long = json.dumps({"atlas.k": 64, "atlas.timeout": 600})
    one = window({"a.py": HOPELESS, ".vscode/settings.json": long})
    one.click(one.lens("Solve"))
    running = one.toast("Atlas: solve is_even")
    one.until(lambda: "generate: " in running.inner_text(), "a first candidate and more to come")
    one.command("Atlas: Stop, Keep the Best so Far")
    told = one.toast("unverified")
    assert "Apply" not in told.inner_text()
    one.shot("stopped")
    assert one.saved("a.py") == HOPELESS


def test_repair_from_the_diagnostic(window: Open):
    one = window({"a.py": WRONG})
    one.lens("Tests")
    one.command("Atlas: Run the Examples of this File")
    one.lens("Repair (2 of 2 examples fail)")
    one.go_to(4, 8)
    one.shot("diagnostic")
    one.light_bulb("repair `is_even`")
    one.button(one.toast("verified"), "Apply")
    one.until(lambda: one.saved("a.py") != WRONG, "the edit")
    assert verified(one.saved("a.py"))


def test_the_diff_is_read_only_and_applied_from_its_title(window: Open):
    one = window({"a.py": WRONG})
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
    one.page.locator(".tab.active", has_text="a.py").wait_for()
    one.until(lambda: one.saved("a.py") != WRONG, "the edit")
    assert verified(one.saved("a.py"))


def test_a_result_is_discarded_from_its_diff(window: Open):
    one = window({"a.py": WRONG})
    one.lens("Tests")
    one.command("Atlas: Repair this Function")
    one.button(one.toast("verified"), "Show Diff")
    one.click(one.page.locator(".editor-actions a[aria-label*='Discard the Solution']"))
    one.page.locator(".monaco-diff-editor").wait_for(state="hidden")
    one.page.locator(".tab.active", has_text="a.py").wait_for()
    one.go_to(1, 6)
    assert not [title for title in one.actions() if "apply" in title]
    assert (one.project / "a.py").read_text() == WRONG


def test_apply_stands_first_in_the_light_bulb(window: Open):
    one = window({"a.py": STUB})
    one.click(one.lens("Solve"))
    one.toast("verified")
    one.go_to(1, 6)
    titles = one.actions()
    one.shot("light-bulb")
    ours = [title for title in titles if "Atlas" in title]
    assert "apply verified" in ours[0]


def test_the_evidence_is_a_rendered_page(window: Open):
    one = window({"a.py": STUB})
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


def test_generated_tests_are_added_to_the_docstring(window: Open):
    one = window({"a.py": CLAMP})
    one.click(one.lens("Tests"))
    told = one.toast("new test")
    one.shot("tests")
    one.button(told, "Add Tests")
    one.until(lambda: one.saved("a.py").count(">>>") > 1, "the tests")
    assert verified(one.saved("a.py"))


def test_a_question_is_a_quick_pick_and_its_answer_an_example(window: Open):
    one = window({"a.py": MIDDLE})
    one.lens("Tests")
    one.command("Atlas: Repair this Function")
    told = one.toast("Candidates differ")
    one.button(told, "Choose…")
    pick = one.page.locator(".quick-input-widget")
    pick.locator(".monaco-list-row", has_text="Neither").wait_for()
    one.shot("question")
    one.page.keyboard.press("Enter")
    one.until(lambda: one.saved("a.py").count(">>>") == 2, "the example")
    assert verified(one.saved("a.py"))


def test_the_examples_run_in_the_test_explorer(window: Open):
    one = window({"a.py": WRONG})
    one.lens("Tests")
    one.command("Test: Run All Tests")
    one.command("Testing: Focus on Test Explorer View")
    row = one.page.locator(".test-explorer .monaco-list-row", has_text="a.py")
    row.wait_for()
    one.until(lambda: "Failed" in row.get_attribute("aria-label"), "the failure in the tree")
    shown = one.page.locator(".monaco-editor", has_text="gave 'False', expected 'True'").first
    shown.wait_for()
    one.shot("test-explorer")


def test_a_killed_server_is_told_and_works_again(window: Open):
    one = window({"a.py": STUB})
    one.lens("Solve")
    one.server.kill_servers()
    one.toast("the server ended and is started again")
    one.shot("crashed")
    one.click(one.lens("Solve"))
    one.button(one.toast("verified"), "Apply")
    one.until(lambda: "return" in one.saved("a.py"), "the edit")


def test_changed_settings_are_heard_while_running(window: Open):
    one = window({"a.py": STUB, "pyproject.toml": "", ".vscode/settings.json": "{}"})
    one.lens("Solve")
    (one.project / "pyproject.toml").write_text("[tool.atlas]\ncodeLens = false\n")
    one.until(lambda: not one.lenses, "no lens by the project's file")
    setting = {"atlas.codeLens": True}
    (one.project / ".vscode" / "settings.json").write_text(json.dumps(setting))
    one.lens("Solve")


def test_ghost_text_is_off_until_asked_for_and_accepted_by_tab(window: Open):
    settings = json.dumps({"atlas.ghostText": True, "atlas.apply": "offer"})
    one = window({"a.py": STUB, ".vscode/settings.json": settings})
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


def test_four_clicks_to_the_first_verified_edit(browser: Any, window: Open, tmp_path: Path):
    """From a clean profile with the vsix in it: trust, Solve, Apply; nothing is typed."""
    with CodeServer(folder=tmp_path / "fresh", settings={}).running() as server:
        began = time.monotonic()
        one = window({"a.py": STUB}, server, show=False)
        one.click(one.page.locator(".monaco-dialog-box .monaco-button", has_text="Yes, I trust"))
        one.click(one.page.locator(".explorer-folders-view .monaco-list-row", has_text="a.py"))
        one.click(one.lens("Solve"))
        one.button(one.toast("verified"), "Apply")
        path = one.project / "a.py"
        one.page.locator(".view-line", has_text="return").wait_for()
        print(f"{one.n_clicks} clicks, {time.monotonic() - began:.0f} s")
        assert one.n_clicks <= 4
        one.page.keyboard.press("Control+s")
        one.until(lambda: verified(path.read_text()), "the edit")


HOSTILE = {
    "atlas.trusted": True,
    "atlas.sandbox": "unsafe-local",
    "atlas.model": "evil.gguf",
    "atlas.path": "./evil.sh",
    "atlas.apply": "auto",
}


def test_a_hostile_folder_runs_nothing_in_restricted_mode(window: Open, tmp_path: Path):
    evil = f"#!/bin/sh\ntouch {tmp_path}/pwned\n"
    broken = STUB + f"    open('{tmp_path}/pwned', 'w')\n    return 3\n"
    files = {
        "a.py": broken,
        ".vscode/settings.json": json.dumps(HOSTILE),
        "evil.sh": evil,
        ".venv/bin/atlas-lsp": evil,
    }
    with CodeServer(folder=tmp_path / "fresh", settings={}).running() as server:
        one = window(files, server, show=False)
        for name in ("evil.sh", ".venv/bin/atlas-lsp"):
            (one.project / name).chmod(0o755)
        no = one.page.locator(".monaco-dialog-box .monaco-button", has_text="don't trust")
        no.click()
        one.open("a.py")
        one.page.locator(f"{STATUS} .codicon-shield").wait_for()
        one.saved("a.py")
        one.go_to(1, 6)
        titles = one.actions()
        one.shot("restricted")
        assert not one.lenses
        assert any("nothing is run until you trust this folder" in title for title in titles)
        assert not any("solve" in title for title in titles)
        one.page.keyboard.press("Escape")
        one.command("Atlas: Solve this Function")
        one.toast("not trusted")
        assert not (tmp_path / "pwned").exists()
        assert not server.evidence


def test_trust_given_later_starts_the_work(window: Open, tmp_path: Path):
    """The folder is trusted, and yet its word on model and sandbox counts for nothing."""
    files = {"a.py": STUB, ".vscode/settings.json": json.dumps(HOSTILE)}
    with CodeServer(folder=tmp_path / "fresh", settings={}).running() as server:
        one = window(files, server, show=False)
        one.page.locator(".monaco-dialog-box .monaco-button", has_text="don't trust").click()
        one.open("a.py")
        one.page.locator(f"{STATUS} .codicon-shield").wait_for()
        one.command("Workspaces: Manage Workspace Trust")
        one.page.locator(".workspace-trust-editor .monaco-button", has_text="Trust").first.click()
        one.page.get_by_text("You trust this folder").wait_for()
        one.shot("trusted")
        one.page.locator(".tab", has_text="a.py").first.click()
        one.click(one.lens("Solve"))
        one.button(one.toast("verified"), "Apply")
        one.until(lambda: "return" in one.saved("a.py"), "the edit")
        (path,) = server.evidence
        evidence = json.loads(path.read_text())
        assert evidence["model"]["name"] == "atlas-nano"
        assert evidence["sandbox"]["kind"] == "docker"


def test_what_is_missing_is_named_with_its_mend(window: Open, tmp_path: Path):
    """No engine answers, and the model is not there."""
    settings = {**UNASKED, "atlas.model": "/nowhere/m.gguf"}
    env = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    server = CodeServer(folder=tmp_path / "fresh", settings=settings, env=env)
    with server.running():
        one = window({"a.py": STUB}, server)
        one.click(one.lens("Solve"))
        one.toast("/nowhere/")
        one.command("Atlas: Doctor: Say what is Missing")
        one.toast("model:")
        one.toast("engine:")
        one.status("Atlas: model")
        one.shot("doctor")


def test_a_missing_server_is_told_with_the_command(window: Open, tmp_path: Path):
    fresh = CodeServer(folder=tmp_path / "fresh", settings=UNASKED, has_server=False)
    with fresh.running() as server:
        one = window({"a.py": STUB}, server)
        told = one.toast("is not installed")
        one.shot("not-installed")
        one.button(told, "Copy Install Command")
        one.toast("pipx install atlas-lsp")


def test_the_walkthrough_checks_its_steps(window: Open):
    one = window({"a.py": STUB})
    one.lens("Solve")
    one.command("Welcome: Open Walkthrough...")
    one.page.keyboard.type("From nothing to the first proof")
    one.page.keyboard.press("Enter")
    done = one.page.locator(".getting-started-step .codicon.complete")
    ask = one.page.locator(".getting-started-step .monaco-button", has_text="Ask the doctor")
    one.click(ask.first)
    one.until(lambda: done.count() == 3, "server, model and sandbox")
    one.shot("walkthrough")
    one.command("Atlas: First Proof on an Example File")
    one.click(one.lens("Solve"))
    one.button(one.toast("verified"), "Apply")
    one.page.locator(".view-line", has_text="return").wait_for()
    one.page.locator(".tab", has_text="Walkthrough").first.click()
    one.until(lambda: done.count() == 4, "the first proof")
