"""Loads the emulator into LocalStack: always the forwarded services, the behaviours unless EMULATOR_PLAIN is set."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from pathlib import Path


def is_plain() -> bool:
    """Forwarded services only, so that each test can be seen to fail without the behaviour it is for."""
    return os.environ.get("EMULATOR_PLAIN") == "1"


def install() -> None:
    """Loads everything into this process. To be called before LocalStack's runtime starts."""
    from localstack_fargate import control, fast_accounts, fast_requests, forwarded, rpc_v2_cbor

    fast_requests.install()
    fast_accounts.install()
    if not is_plain():
        rpc_v2_cbor.install()
    forwarded.register()
    if not is_plain():
        # Checks that come before the services' own, in this order.
        from localstack_fargate import access, dry_run, tags  # noqa: F401
        from localstack_fargate import services

        for module in pkgutil.iter_modules(services.__path__, services.__name__ + "."):
            importlib.import_module(module.name)

        # What changes the services' responses, in this order.
        from localstack_fargate import responses  # noqa: F401, I001
        from localstack_fargate import consistency, middleware, open_registry, pagination, profiles  # noqa: F401
        from localstack_fargate.services import ssm_sessions
        from localstack_fargate.services.ecs import exec_channel

        load_plugins(os.environ.get("EMULATOR_PLUGINS", ""))
        middleware.install()
        responses.register()
        open_registry.register()
        exec_channel.register()
        ssm_sessions.register()
    control.register(plain=is_plain())


def load_plugins(names: str) -> None:
    """Registers plugins, separated by commas: a module with a function `register`, by its name or its path."""
    for name in filter(None, names.split(",")):
        if os.sep in name:
            path = Path(name).resolve()
            sys.path.append(str(path.parent))
            name = path.stem
        importlib.import_module(name).register()
