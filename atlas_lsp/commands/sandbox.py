"""`atlas sandbox build|list|prune|doctor|selftest|cleanup`: images, the engine, its promises, and
what was left behind.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = subparsers.add_parser("sandbox", help="build, check and clean up the sandbox")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    build_ = verbs.add_parser("build", help="build the image, or find the one that is there")
    source = build_.add_mutually_exclusive_group()
    source.add_argument("--from-local", action="store_true", help="from this machine's Python")
    source.add_argument("--from-tar", type=Path, metavar="FILE", help="from a `docker save` tar")
    source.add_argument("--base", metavar="IMAGE", help="from this image")
    build_.add_argument(
        "--packages",
        type=names,
        default=(),
        metavar="A,B",
        help="with packages, as numpy==2.1.0 for engines of another system",
    )
    build_.add_argument("--wheels", type=Path, metavar="FOLDER", help="take packages from here")
    build_.set_defaults(run=build)
    list_ = verbs.add_parser("list", help="show the images that are kept, and their size")
    list_.add_argument("--json", action="store_true")
    list_.set_defaults(run=show)
    prune_ = verbs.add_parser("prune", help="remove the images that this version does not run")
    prune_.add_argument("--all", action="store_true", help="and the packages of projects")
    prune_.set_defaults(run=prune)
    doctor_ = verbs.add_parser("doctor", help="say what works and how to mend what does not")
    doctor_.add_argument("--json", action="store_true")
    doctor_.set_defaults(run=doctor)
    selftest_ = verbs.add_parser("selftest", help="try every promise that the sandbox makes")
    selftest_.add_argument("--sandbox", choices=("docker", "unsafe-local"), default="docker")
    selftest_.add_argument("--runtime", metavar="NAME", help="a container runtime, as runsc")
    selftest_.add_argument("--json", action="store_true")
    selftest_.set_defaults(run=selftest)
    cleanup_ = verbs.add_parser("cleanup", help="remove every container of ours")
    cleanup_.add_argument("--images", action="store_true", help="and the images")
    cleanup_.set_defaults(run=cleanup)


def names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def build(args: argparse.Namespace) -> int:
    from sandbox import admin

    print("building the sandbox image (seconds, once)", file=sys.stderr)
    built = admin.build(
        from_local=args.from_local,
        from_tar=args.from_tar,
        base=args.base,
        packages=args.packages,
        wheels=args.wheels,
    )
    print(built.tag)
    return 0


def show(args: argparse.Namespace) -> int:
    from sandbox import admin

    found = admin.kept()
    if args.json:
        print(json.dumps([asdict(one) for one in found], indent=2))
        return 0
    for one in found:
        old = "" if one.is_current else ", of another version"
        print(f"{one.size_mb:8.0f} MB  {one.tag}  {one.what}{old}")
    if not found:
        print("no image is kept; `atlas sandbox build` makes one, and so does the first job")
    return 0


def prune(args: argparse.Namespace) -> int:
    from sandbox import admin

    pruned = admin.prune(everything=args.all)
    print(f"removed {pruned.n_images} images, {pruned.freed_mb:.0f} MB with what they share")
    return 0


def doctor(args: argparse.Namespace) -> int:
    from atlas_lsp.exits import BROKEN, OK
    from sandbox import admin

    report = admin.doctor()
    if args.json:
        print(json.dumps([asdict(check) for check in report.checks], indent=2))
    else:
        for check in report.checks:
            print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.what}")
            if not check.ok:
                print(f"     mend: {check.mend}")
    return OK if report.ok else BROKEN


def selftest(args: argparse.Namespace) -> int:
    from sandbox.selftest import main

    words = ["--kind", args.sandbox, *(["--json"] if args.json else [])]
    return main([*words, *(["--runtime", args.runtime] if args.runtime else [])])


def cleanup(args: argparse.Namespace) -> int:
    from sandbox import admin

    cleaned = admin.cleanup(images_too=args.images)
    print(f"removed {cleaned.n_containers} containers and {cleaned.n_images} images")
    return 0
