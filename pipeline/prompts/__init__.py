"""The prompts, one `.md` file each, strictly substituted: a wrong name is an error."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent


def render(name: str, **values: str) -> str:
    """The text of prompt `name` with every `$placeholder` replaced, blank lines around it gone.

    Raises KeyError for a placeholder without a value, ValueError for the opposite.
    """
    template = Template((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    unknown = set(values) - set(template.get_identifiers())
    if unknown:
        raise ValueError(f"prompt {name} has no placeholder {sorted(unknown)}")
    return template.substitute(values).strip()


def hashes() -> dict[str, str]:
    """sha256 of every prompt file by name, for the record of a run."""
    return {
        path.stem: sha256(path.read_bytes()).hexdigest() for path in sorted(FOLDER.glob("*.md"))
    }
