"""What to say of a file that does not parse: it may be written for a newer Python than ours."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.world.environment import environment_of, own_version
from pipeline.world.project import project_of


def with_versions(error: Exception, path: Path) -> str:
    """The error's text; where the file's project runs on a newer Python than this one, both
    versions and the command that mends it.
    """
    project = project_of(path)
    found = environment_of(project, path.parent, environ=os.environ)
    theirs, ours = (found.version if found else (0, 0)), own_version()
    if theirs <= ours:
        return str(error)
    newer, here = (".".join(map(str, version)) for version in (theirs, ours))
    return (
        f"{path} is written for Python {newer} ({project.root.name}'s environment) and Atlas runs "
        f"on {here}, which cannot read it; install Atlas there: "
        f"`python{newer} -m pip install atlas-lsp`"
    )
