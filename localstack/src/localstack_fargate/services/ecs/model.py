"""What the emulator knows of ECS in one account and region: clusters, task definitions, services, deployments, tasks.

moto's ECS never makes a task, so the whole state is ours. Field names are ours; the answers are written in `views.py`
in the shapes of the ECS API reference (2014-11-13). All times are virtual epoch seconds.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from moto.utilities.utils import get_partition

from localstack_fargate.account import Account, Event
from localstack_fargate.middleware import aws_error
from localstack_fargate.services.ecs.images import Behaviour


def hex_id() -> str:
    return uuid.uuid4().hex


def digits(count: int) -> str:
    return str(random.randrange(10 ** (count - 1), 10**count))


def make_arn(account: Account, region: str, resource: str, service: str = "ecs") -> str:
    return f"arn:{get_partition(region)}:{service}:{region}:{account.id}:{resource}"


def invalid(message: str):
    return aws_error("InvalidParameterException", message)


def refused(message: str):
    return aws_error("ClientException", message)


@dataclass
class Cluster:
    name: str
    arn: str
    settings: list[dict]
    configuration: dict | None
    capacity_providers: list[str]
    strategy: list[dict]
    service_connect: dict | None
    tags: list[dict]
    status: str = "ACTIVE"


@dataclass
class Definition:
    """One revision of a task definition; `body` is the normalised description as AWS answers it."""

    arn: str
    family: str
    revision: int
    body: dict
    tags: list[dict]
    status: str = "ACTIVE"
    deregistered_at: float | None = None

    def container(self, name: str) -> dict | None:
        return next((c for c in self.body["containerDefinitions"] if c["name"] == name), None)


@dataclass
class Revision:
    """A service revision: what one deployment rolls out."""

    arn: str
    definition: Definition
    network: dict | None
    load_balancers: list[dict]
    platform_version: str
    launch_type: str | None
    strategy: list[dict]
    created_at: float


@dataclass
class Deployment:
    """A deployment as listed in the service, together with its service deployment record."""

    id: str
    arn: str
    revision: Revision
    sources: list[Revision]
    created_at: float
    updated_at: float
    desired: int
    breaker: dict
    configuration: dict
    status: str = "PRIMARY"
    rollout: str = "IN_PROGRESS"
    reason: str = ""
    failed: int = 0
    verified: bool = False
    """One task of it has been up and healthy: failures are no longer counted (API reference, Deployment.failedTasks).
    """
    record: str = "IN_PROGRESS"
    record_reason: str | None = None
    finished_at: float | None = None
    rolls_back: str | None = None

    @property
    def threshold(self) -> int:
        """Failed tasks that trip the circuit breaker: half the desired count, at least 3, at most 200
        (developer guide, "How the Amazon ECS deployment circuit breaker detects failures")."""
        return min(200, max(3, -(-self.desired // 2)))


@dataclass(eq=False)
class Service:
    name: str
    arn: str
    region: str
    cluster: Cluster
    desired: int
    configuration: dict
    grace: int
    options: dict
    """Answered as given: schedulingStrategy, propagateTags, enableExecuteCommand and the like."""
    tags: list[dict]
    created_at: float
    created_by: str
    role_arn: str | None
    token: str | None = None
    status: str = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list)
    past: list[Deployment] = field(default_factory=list)
    events: list[dict] = field(default_factory=list)
    failures: int = 0
    not_before: float = 0.0
    steady: bool = False
    waking: Event | None = None

    @property
    def primary(self) -> Deployment:
        return next(d for d in self.deployments if d.status == "PRIMARY")


@dataclass(eq=False)
class Container:
    definition: dict
    arn: str
    behaviour: Behaviour
    status: str = "PENDING"
    health: str = "UNKNOWN"
    exit_code: int | None = None
    reason: str | None = None
    runtime_id: str | None = None
    digest: str | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    serving: bool = False
    signalled: bool = False
    was_healthy: bool = False
    health_event: Event | None = None
    injected: bool = False
    """Not of the task definition: `inject.py`."""
    flawed: bool = False
    """It cannot come up, whatever is said of its image: a plugin has found a defect in it."""
    scheme: str = ""
    """What it answers to: `http` or `https`; empty: either. A plugin knows."""
    tls_versions: frozenset[str] = frozenset({"TLSv1.2", "TLSv1.3"})
    """With `https`."""
    events: list[Event] = field(default_factory=list)

    def answers_to(self, scheme: str) -> bool:
        return self.serving and self.scheme in ("", scheme)

    @property
    def name(self) -> str:
        return self.definition["name"]

    @property
    def essential(self) -> bool:
        return self.definition["essential"]


@dataclass(eq=False)
class Task:
    id: str
    arn: str
    region: str
    cluster: Cluster
    definition: Definition
    containers: list[Container]
    created_at: float
    subnet_id: str | None
    zone: str | None
    eni: Any
    attachment_id: str
    group: str
    launch_type: str | None
    platform_version: str
    exec_enabled: bool
    public_ip: bool
    overrides: dict
    tags: list[dict]
    started_by: str | None = None
    service: Service | None = None
    deployment: Deployment | None = None
    targets: list[tuple[str, str, int]] = field(default_factory=list)
    """(target group ARN, container, port) to register once RUNNING."""
    status: str = "PROVISIONING"
    desired: str = "RUNNING"
    attached: str = "PRECREATED"
    version: int = 1
    times: dict[str, float] = field(default_factory=dict)
    content: dict[str, int] = field(default_factory=dict)
    """Content version that it found, by file system."""
    stop_code: str | None = None
    stopped_reason: str | None = None
    ready_seen: bool = False
    failure_noted: bool = False
    grace_watched: bool = False

    @property
    def address(self) -> str | None:
        return self.eni.private_ip_address if self.eni else None

    @property
    def health(self) -> str:
        """Of the essential containers that have a health check (developer guide, "container health checks")."""
        states = {c.health for c in self.containers if c.essential and c.definition.get("healthCheck")}
        for worst in ("UNHEALTHY", "UNKNOWN"):
            if worst in states:
                return worst
        return "HEALTHY" if states else "UNKNOWN"

    @property
    def has_health_check(self) -> bool:
        return any(c.essential and c.definition.get("healthCheck") for c in self.containers)


@dataclass
class EcsState:
    clusters: dict[str, Cluster] = field(default_factory=dict)
    families: dict[str, list[Definition]] = field(default_factory=dict)
    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    run_tokens: dict[str, list[Task]] = field(default_factory=dict)


def of(account: Account, region: str) -> EcsState:
    account.state("ecs.regions", set).add(region)
    return account.state(f"ecs/{region}", EcsState)


def everywhere(account: Account) -> list[EcsState]:
    """The states of all regions in which the account has used ECS."""
    regions = account.state("ecs.regions", set)
    return [of(account, region) for region in regions]


def cluster_of(account: Account, region: str, wanted: str | None) -> Cluster:
    """The cluster by name or ARN; `default` when not given."""
    name = (wanted or "default").rsplit("/", 1)[-1]
    cluster = of(account, region).clusters.get(name)
    if cluster is None or cluster.status != "ACTIVE" or (wanted or "").startswith("arn:") and cluster.arn != wanted:
        raise aws_error("ClusterNotFoundException", "Cluster not found.")
    return cluster


def definition_of(account: Account, region: str, wanted: str) -> Definition | None:
    """By ARN, `family:revision`, or `family` (its newest ACTIVE revision); None when there is none."""
    name = wanted.rsplit("/", 1)[-1] if wanted.startswith("arn:") else wanted
    family, _, revision = name.partition(":")
    revisions = of(account, region).families.get(family, [])
    if revision:
        return next((d for d in revisions if str(d.revision) == revision and d.status != "DELETED"), None)
    active = [d for d in revisions if d.status == "ACTIVE"]
    return active[-1] if active else None


def usable_definition(account: Account, region: str, wanted: str) -> Definition:
    found = definition_of(account, region, wanted)
    if found is None:
        raise refused("TaskDefinition not found.")
    if found.status != "ACTIVE":
        raise refused("TaskDefinition is inactive")
    return found


def tasks_of(account: Account, service: Service) -> list[Task]:
    return [t for t in of(account, service.region).tasks.values() if t.service is service]
