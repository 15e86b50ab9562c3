"""Makes a new account cheap: each test has one, and moto would build 1,100 machine images and 1,400 policies for each.

The images are left out (nothing here runs instances); the managed policies are parsed once, and an account gets its
copies when it first asks for one. What moto works out again for each account (the regions of a service) or call (the
names of its handlers) is kept.
"""

from __future__ import annotations

import functools
import gc
import os
from typing import Any, Callable


def install() -> None:
    """To be called before moto makes its first backend."""
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    gc.set_threshold(50_000, 50, 1_000)  # most objects here stay: the service models, the state of the accounts
    _copy_managed_policies_late()
    _keep_what_never_changes()


class _OnFirstRead:
    """An attribute of a backend, made by `make(backend, what it was set to)` when it is first read."""

    def __init__(self, name: str, make: Callable[[Any, Any], Any]) -> None:
        self.source, self.made, self.make = f"_source_of_{name}", name, make

    def __set__(self, backend: Any, value: Any) -> None:
        backend.__dict__[self.source] = value

    def __get__(self, backend: Any, owner: type | None = None) -> Any:
        if self.made not in backend.__dict__:
            backend.__dict__[self.made] = self.make(backend, backend.__dict__[self.source])
        return backend.__dict__[self.made]


def _copy_managed_policies_late() -> None:
    from moto.iam.models import AWSManagedPolicy, IAMBackend

    parse, by_arn = IAMBackend._init_aws_policies, IAMBackend._init_managed_policies
    parsed: list[AWSManagedPolicy] = []

    @functools.wraps(parse)  # LocalStack finds the class by the function's qualified name when it patches in turn
    def shared(self: IAMBackend) -> list[AWSManagedPolicy]:
        if not parsed:
            parsed.extend(parse(self))
        return list(parsed)

    def own(backend: IAMBackend, policies: list[AWSManagedPolicy]) -> list[AWSManagedPolicy]:
        copies = []
        for policy in policies:  # `copy.copy` takes ten times as long
            copy = object.__new__(AWSManagedPolicy)
            copy.__dict__ = policy.__dict__ | {"account_id": backend.account_id}
            copies.append(copy)
        return copies

    IAMBackend._init_aws_policies = shared
    IAMBackend._init_managed_policies = lambda self: None
    IAMBackend.aws_managed_policies = _OnFirstRead("aws_managed_policies", own)
    IAMBackend.managed_policies = _OnFirstRead("managed_policies", lambda backend, _: by_arn(backend))


def _keep_what_never_changes() -> None:
    from moto.core import responses
    from moto.core.base_backend import AccountSpecificBackend

    responses.method_names_from_class = functools.cache(responses.method_names_from_class)

    regions = AccountSpecificBackend._generate_regions.__wrapped__
    known: dict[str, list[str]] = {}

    def generate_regions(self: AccountSpecificBackend, service_name: str) -> list[str]:
        if service_name not in known:
            known[service_name] = regions(self, service_name)
        return known[service_name]

    AccountSpecificBackend._generate_regions = generate_regions
