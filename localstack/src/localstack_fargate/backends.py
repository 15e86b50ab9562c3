"""Access to the state that moto and LocalStack keep of an account."""

from __future__ import annotations

from typing import Any


def moto_backend(service: str, account_id: str, region: str) -> Any:
    """moto's backend object of a service, e.g. `moto_backend("ec2", account.id, region).vpcs`.

    `region` is ignored for global services (IAM). LocalStack has to have patched moto's IAM before the first of its
    backends is made: the managed policies in it have no document otherwise.
    """
    from localstack.services.plugins import SERVICE_PLUGINS
    from moto.backends import get_backend

    if service == "iam":
        SERVICE_PLUGINS.require("iam")
    of_account = get_backend(service)[account_id]
    return of_account["aws" if service == "iam" else region]


def forget(account_id: str) -> None:
    """Drops everything moto and LocalStack's own stores hold of the account."""
    from localstack.services.stores import AccountRegionBundle
    from moto.core.base_backend import BackendDict
    import gc

    for holder in gc.get_objects():
        if isinstance(holder, (BackendDict, AccountRegionBundle)):
            holder.pop(account_id, None)
