"""Puts the emulator into LocalStack: providers always, behaviours unless EMULATOR_PLAIN is set."""

from __future__ import annotations

import importlib
import os
import pkgutil


def is_plain() -> bool:
    """Bare: forwarding providers only, to prove that each probe test fails without the behaviours."""
    return os.environ.get("EMULATOR_PLAIN") == "1"


def install() -> None:
    """Loads everything into this process. To be called before LocalStack's runtime starts."""
    from localstack_fargate import control, providers, fast_accounts

    fast_accounts.install()
    providers.register()
    if not is_plain():
        from localstack_fargate import access, dry_run, tags  # noqa: F401  refusals that come before the services' own, in this order
        from localstack_fargate import services

        for module in pkgutil.iter_modules(services.__path__, services.__name__ + "."):
            importlib.import_module(module.name)

        from localstack_fargate import answers, consistency, middleware, open_registry, pages, profiles  # noqa: F401  what is cut from the services' answers

        from localstack_fargate.services.ecs import exec_channel

        middleware.install()
        answers.register()
        open_registry.register()
        exec_channel.register()
    control.register(plain=is_plain())
