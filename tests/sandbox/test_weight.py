"""What runs here is weighed beside other programs, not beside the containers of everybody."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.api import Call, Job, Outcome, Sandbox
from sandbox.container import GROUP, ContainerPlan, group_for, host_config, owner_labels
from sandbox.docker_engine import connect, find_endpoint


class Engine:
    """What an engine says of itself, and how it takes options."""

    def __init__(self, **about: object) -> None:
        self._about = about

    def info(self) -> dict[str, object]:
        return self._about

    def create_host_config(self, **options: object) -> dict[str, object]:
        return options


@pytest.mark.parametrize(
    ("about", "group"),
    [
        ({"CgroupDriver": "cgroupfs"}, GROUP),
        ({"CgroupDriver": "systemd"}, ""),
        ({}, ""),
        ({"CgroupDriver": "cgroupfs", "SecurityOptions": ["name=rootless"]}, None),
    ],
)
def test_each_engine_gets_what_it_can_take(about: dict[str, object], group: str | None):
    client: Any = Engine(**about)
    assert group_for(client) == group


@pytest.mark.parametrize(
    ("group", "dropped", "asked"),
    [(GROUP, (), GROUP), ("", (), None), (GROUP, ("own-weight",), None)],
)
def test_what_is_dropped_is_not_asked_for(group: str, dropped: tuple[str, ...], asked: str | None):
    client: Any = Engine()
    plan = ContainerPlan(image="x", memory_mb=64, labels={}, group=group, dropped=dropped)
    assert host_config(client, plan).get("cgroup_parent") == asked


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="session")
async def test_the_containers_are_in_that_group(docker_box: Sandbox):
    (seen,) = await docker_box.run([Job(code="def f(): return 1\n", form=Call(entry="f"))])
    assert seen.outcome is Outcome.RETURNED
    client = connect(find_endpoint())
    try:
        group = group_for(client)
        mine = client.containers(filters={"label": [f"{k}={v}" for k, v in owner_labels().items()]})
        parents = {client.inspect_container(c)["HostConfig"]["CgroupParent"] for c in mine}
    finally:
        client.close()
    assert ("own-weight" in seen.isolation) == (group is not None)
    assert parents == {group or ""}
