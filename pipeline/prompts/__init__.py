"""The prompts, one `.md` file each, strictly substituted: a wrong name is an error.

Source first, instruction last, so that all prompts about one function share their prefix.
A model that was trained on other texts (`trained/`) is asked with those.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Literal

FOLDER = Path(__file__).parent

Style = Literal["chat", "trained"]


def render(name: str, *, style: Style = "chat", **values: str) -> str:
    """The text of prompt `name` with every `$placeholder` replaced, blank lines around it gone.

    Raises KeyError for a placeholder without a value, ValueError for the opposite.
    """
    path = FOLDER / f"{name}.md"
    trained = FOLDER / "trained" / f"{name}.md"
    use_trained = style == "trained" and trained.exists()
    template = Template((trained if use_trained else path).read_text(encoding="utf-8"))
    unknown = set(values) - set(template.get_identifiers())
    if unknown:
        raise ValueError(f"prompt {name} has no placeholder {sorted(unknown)}")
    return template.substitute(values).strip()


def hashes() -> dict[str, str]:
    """sha256 of every prompt file by name, for the record of a run."""
    return {
        path.relative_to(FOLDER).with_suffix("").as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(FOLDER.rglob("*.md"))
    }
