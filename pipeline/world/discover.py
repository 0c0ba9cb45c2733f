"""The world around a module, found without running anything of its project."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.wording import many
from pipeline.storage.foreign import foreign_bytes
from pipeline.world.built_for import other_machine
from pipeline.world.closure import EXTENSIONS, MAX_BYTES, Closure, Roots, closure_of
from pipeline.world.distributions import Installed, Packages, packages_of
from pipeline.world.environment import Environment, environment_of
from pipeline.world.fixtures import Fixtures, fixtures_of
from pipeline.world.place import Place, place_of
from pipeline.world.project import Project, absolute, project_of
from sandbox.api import World


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """A module in its project, and the World that the sandbox is given of it."""

    place: Place
    project: Project
    environment: Environment | None
    closure: Closure
    distributions: tuple[Installed, ...]
    absent: tuple[str, ...]
    """Top-level names that the module reaches and that nothing installed answers to."""
    world: World
    top: Path
    """The folder that the paths of the world start from."""
    fixtures: Fixtures

    @property
    def is_alone(self) -> bool:
        """The file reaches nothing else of a project: no other file, nothing installed."""
        return not (self.closure.files or self.distributions)

    @property
    def shown(self) -> str:
        """One line for `doctor` and the evidence."""
        where = self.environment.shown if self.environment else "no environment of its own"
        n_files, n_installed = len(self.closure.files), len(self.distributions)
        counts = ((n_files, "other file"), (n_installed, "distribution"))
        others = ", ".join(many(n, what) for n, what in counts if n)
        cut = "too many or too big files were left out" if self.closure.is_cut else ""
        return "; ".join(filter(None, (f"{self.place.name} in {where}", others, cut)))

    def why_absent(self, module: str) -> str:
        """Cause and mend for a module that the sandbox could not import."""
        top = module.partition(".")[0]
        if self.environment is None:
            return (
                f"{self.place.name} needs {top}, and its project has no environment; "
                f"make one (`python3 -m venv {self.project.root / '.venv'}`) and install {top}"
            )
        if self.environment.problem:
            return f"{self.place.name} needs {top}: {self.environment.problem}"
        if top in self.absent:
            return (
                f"{self.place.name} needs {top}, which is not installed in "
                f"{self.environment.prefix}; run `{self.environment.python} -m pip install {top}`"
            )
        binary = next(self._binaries(module), None)
        if binary is not None:
            built_for = other_machine(binary) or "another Python"
            return (
                f"{self.place.name} needs {module}, and {binary} was built for {built_for}; "
                f"install {top} again with `{self.environment.python} -m pip`"
            )
        return f"{self.place.name} needs {module}, which could not be imported from {top}"

    def _binaries(self, module: str) -> Iterator[Path]:
        """What is installed of an extension module."""
        at = Path(*module.split("."))
        for site in {one.site: None for one in self.distributions}:
            found = sorted((site / at.parent).glob(f"{glob.escape(at.name)}.*"))
            yield from (path for path in found if path.suffix in EXTENSIONS)


def surroundings_of(
    path: Path,
    source: bytes,
    *,
    environ: Mapping[str, str] | None = None,
    interpreter: str | None = None,
    also_modules: Sequence[str] = (),
    also_distributions: Sequence[str] = (),
    also_files: Sequence[Path] = (),
    ahead: Sequence[str] = (),
) -> Surroundings:
    """Where the module at `path` lives; `source` is its text, which may not be saved yet.

    `interpreter` is the editor's choice. Modules, distributions and files that something besides
    the module needs (its tests) can be added, and installed modules that are imported `ahead`.
    """
    project = project_of(path)
    place = place_of(path, project, source)
    environment = environment_of(
        project,
        place.path.parent,
        chosen=interpreter,
        environ=os.environ if environ is None else environ,
    )
    packages = packages_of(environment) if environment else None
    roots = _roots(project, place, packages)
    fixtures = fixtures_of(project, place, source)
    closure = closure_of(place, source, roots, extra=(*also_modules, *fixtures.imports))
    eager = dict.fromkeys((*closure.eager, *ahead, *fixtures.imports))
    closure = replace(closure, eager=tuple(eager))
    found = _distributions(project, closure, packages, also_distributions)
    absent = closure.foreign - set(packages.by_import if packages else ())
    layout = _Layout.of(place, project, roots)
    return Surroundings(
        place=place,
        project=project,
        environment=environment,
        closure=closure,
        distributions=found,
        absent=tuple(sorted(absent)),
        world=_world(place, source, environment, layout, closure, found, also_files),
        top=layout.top,
        fixtures=fixtures,
    )


def _roots(project: Project, place: Place, packages: Packages | None) -> Roots:
    folders = [place.root, *project.import_roots]
    if packages:
        # An editable install of the project itself leads to where it was installed from.
        folders += [root for root in packages.roots if not _is_site(root)]
    mapped = {
        name: absolute(path)
        for name, path in (packages.mapped if packages else {}).items()
        if name != place.name.partition(".")[0]
    }
    return Roots(folders=tuple(dict.fromkeys(folders)), mapped=mapped)


def _is_site(folder: Path) -> bool:
    return folder.name in ("site-packages", "dist-packages")


def _distributions(
    project: Project, closure: Closure, packages: Packages | None, also: Sequence[str]
) -> tuple[Installed, ...]:
    """What the imports need, and the project's own metadata, which `importlib.metadata` reads."""
    if packages is None:
        return ()
    found = {one.name: one for one in packages.needed(closure.foreign, also)}
    for one in packages.installed:
        is_own = one.source is not None and absolute(one.source) == project.root
        if closure.asks_metadata and is_own:
            found.setdefault(one.name, one)
    return tuple(found[name] for name in sorted(found))


# --- as the sandbox takes it ----------------------------------------------------------------------


def _world(
    place: Place,
    source: bytes,
    environment: Environment | None,
    layout: _Layout,
    closure: Closure,
    distributions: Sequence[Installed],
    also_files: Sequence[Path],
) -> World:
    usable = environment if environment and not environment.problem else None
    files = {layout.inside(path): path for path in (*closure.files, *also_files)}
    used = (layout.inside(place.path), *files)
    version = ".".join(map(str, usable.version)) if usable else ""
    return World(
        module=place.name,
        path=layout.inside(place.path),
        files={**dict(_contents(files)), layout.inside(place.path): source},
        roots=tuple(r for r in layout.roots if any(_is_below(path, r) for path in used)),
        site=dict(_site(distributions)),
        python=version,
        interpreter=str(usable.python) if usable else "",
        preload=tuple(name for name in closure.eager if _is_there(name, distributions)),
    )


def _is_below(path: str, root: str) -> bool:
    return not root or path.startswith(f"{root}/")


def _contents(files: Mapping[str, Path]) -> Iterator[tuple[str, bytes]]:
    for inside, path in sorted(files.items()):
        try:
            yield inside, foreign_bytes(path, MAX_BYTES)
        except OSError:
            # It went away meanwhile; what needs it will say so.
            continue


def _site(distributions: Sequence[Installed]) -> Iterator[tuple[str, str]]:
    for one in distributions:
        if one.source is None:
            yield from ((top, str(one.site / top)) for top in one.tops if (one.site / top).exists())
        yield one.metadata.name, str(one.metadata)


def _is_there(module: str, distributions: Sequence[Installed]) -> bool:
    """Whether a dotted name is a module, and not an attribute, of what is installed."""
    sites = {one.site for one in distributions if one.source is None}
    path = Path(*module.split("."))
    return any(
        (site / path).is_dir()
        or (site / path).with_suffix(".py").is_file()
        or any((site / path.parent).glob(f"{path.name}.*.so"))
        for site in sites
    )


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Where folders of this machine lie in the sandbox: below one top, others beside it."""

    top: Path
    outside: tuple[Path, ...]
    roots: tuple[str, ...]

    @classmethod
    def of(cls, place: Place, project: Project, roots: Roots) -> _Layout:
        top = min((place.root, project.root), key=lambda p: len(p.parts))
        folders = (*roots.folders, *(path.parent for path in roots.mapped.values()))
        outside = tuple(dict.fromkeys(f for f in folders if f != top and top not in f.parents))
        made = cls(top=top, outside=outside, roots=())
        inside = tuple(dict.fromkeys(made.inside(folder) for folder in folders))
        return cls(top=top, outside=outside, roots=inside)

    def inside(self, path: Path) -> str:
        if path == self.top or self.top in path.parents:
            relative = path.relative_to(self.top).as_posix()
            return "" if relative == "." else relative
        for n, folder in enumerate(self.outside):
            if path == folder or folder in path.parents:
                relative = path.relative_to(folder).as_posix()
                return f"_beside/{n}" + ("" if relative == "." else f"/{relative}")
        return f"_beside/{path.name}"
