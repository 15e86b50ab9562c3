"""Delays (AWS seconds) and switches of ECS, changed over `/_emulator/<account>/settings`."""

from localstack_fargate.account import setting

setting("ecs.scheduler", 3)  # until the service scheduler acts on a change
setting("ecs.poll", 5)  # how often it looks at target health during a deployment
setting("ecs.poll_steady", 15)
setting("ecs.provisioning", 10)  # network interface of a task
setting("ecs.initialising", 5)  # secrets, registry token, mounts, log streams
setting("ecs.network_timeout", 60)  # until a task without a way out gives up
setting("ecs.pull", 25)  # images
setting("ecs.activating", 2)
setting("ecs.deactivating", 1)
setting("ecs.one_shot", 15)  # the work of a one-shot container
setting("ecs.container_stop", 2)  # a container that handles SIGTERM
setting("ecs.deprovisioning", 8)
setting("ecs.eni_release", 5)  # after the task has STOPPED
setting("ecs.stopped_kept", 3600)  # a stopped task stays describable (developer guide: at least one hour)
setting("ecs.inactive_kept", 3600)
setting("ecs.service_drain", 5)
setting("ecs.backoff", 10)  # doubled with each failed task
setting("ecs.backoff_max", 1620)  # 27 minutes (developer guide, "Service throttle logic")
setting("ecs.role_retry", 30)  # after a role that could not be assumed
setting("ecs.no_check_wait", 40)  # a task without any health check counts as healthy (DeploymentConfiguration)
setting("ecs.check_routes", True)
setting("ecs.require_service_role", True)
setting("ecs.capacity_unavailable", False)
setting("ecs.vcpu_quota", 64)  # a fresh account has 6; the vendor's default package needs 8
setting("quota.clusters", 10000)
setting("quota.services_per_cluster", 5000)
setting("ecs.sorted_env", False)  # AWS does not promise to keep the order of `environment`
setting("ecs.container_insights", "disabled")  # the account's default for new clusters: also `enabled`, `enhanced`
