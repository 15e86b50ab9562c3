"""Makes a new account cheap: each test has one, and moto would build 1,100 machine images and 1,400 policies for it anew.

The images are left out (nothing here runs instances); the managed policies are parsed once and copied.
"""

from __future__ import annotations

import copy
import functools
import os


def install() -> None:
    """To be called before moto makes its first backend."""
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

    from moto.iam.models import AWSManagedPolicy, IAMBackend

    build = IAMBackend._init_aws_policies

    templates: list[AWSManagedPolicy] = []

    @functools.wraps(build)  # LocalStack finds the class by the function's qualified name when it patches in turn
    def copied(self: IAMBackend) -> list[AWSManagedPolicy]:
        if not templates:
            templates.extend(build(self))
        mine = [copy.copy(policy) for policy in templates]
        for policy in mine:
            policy.account_id = self.account_id
        return mine

    IAMBackend._init_aws_policies = copied
