"""AWS Backup, as far as EFS needs it: vaults, jobs, recovery points, restores, plans, EFS's automatic backups."""

from localstack_fargate.services.backup import access, automatic, jobs, opt_in, plans  # noqa: F401
from localstack_fargate.services.backup import points, restores, tags, vaults  # noqa: F401
