"""Puts the bed into LocalStack: providers always, behaviours unless CE_BED_BARE is set."""

from __future__ import annotations

import importlib
import os
import pkgutil


def is_bare() -> bool:
    """Bare: forwarding providers only, to prove that each probe test fails without the behaviours."""
    return os.environ.get("CE_BED_BARE") == "1"


def install() -> None:
    """Loads everything into this process. To be called before LocalStack's runtime starts."""
    from cebed import control, providers, thrift

    thrift.install()
    providers.register()
    if not is_bare():
        from cebed import access, dry_run, tags  # noqa: F401  refusals that come before the services' own, in this order
        from cebed import services

        for module in pkgutil.iter_modules(services.__path__, services.__name__ + "."):
            importlib.import_module(module.name)

        from cebed import answers, consistency, middleware, open_registry, pages, profiles  # noqa: F401  what is cut from the services' answers

        from cebed.services.ecs import exec_channel

        middleware.install()
        answers.register()
        open_registry.register()
        exec_channel.register()
    control.register(bare=is_bare())
