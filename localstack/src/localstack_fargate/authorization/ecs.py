"""Amazon ECS. Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Elastic
Container Service"; ECS developer guide, "Grant permission to tag resources on creation" and "IAM roles for Amazon ECS".

iam:PassRole with RegisterTaskDefinition and with RunTask: observed by others (denials name both operations).
"""

from localstack_fargate.authorization.rule import PLAIN, Rule, Table, also, on, passes, with_keys

_CLUSTER = "cluster/{cluster|cluster_name}"
_AS_KEY = {"ecs__cluster": "arn:{-|partition}:ecs:{-|region}:{-|account}:" + _CLUSTER}
_SERVICE = "service/{cluster|cluster_name}/{service|last_part}"
_TASKS = ("ecs-tasks.amazonaws.com",)


def _tags(operation: str, resource: str) -> list[Rule]:
    return also(
        "ecs:TagResource", resource, keys={"ecs:CreateAction": operation}, tagged=True, owned=False, given="tags"
    )


# Tags that a task takes over from its definition are tags at its creation too. Whether they are condition keys of the
# request is unverified: they are none here, so that a permission must not hang on them.
_PROPAGATED = also(
    "ecs:TagResource", "task/{cluster|cluster_name}/*",
    keys={"ecs:CreateAction": "RunTask"}, tagged=False, owned=False, given="propagateTags|propagated",
)  # fmt: skip


def _in_cluster(rules: list[Rule], **keys: str) -> list[Rule]:
    return with_keys(rules, **_AS_KEY, **keys)


TABLE: Table = {
    "CreateCluster": on("cluster/{clusterName}") + _tags("CreateCluster", "cluster/{clusterName}"),
    "DeleteCluster": on(_CLUSTER),
    "DescribeClusters": on("cluster/{clusters|cluster_name}"),
    "ListClusters": PLAIN,
    "UpdateCluster": on(_CLUSTER),
    "UpdateClusterSettings": on(_CLUSTER),
    "RegisterTaskDefinition": on("task-definition/{family}:*")
    + _tags("RegisterTaskDefinition", "task-definition/{family}:*")
    + passes("taskRoleArn", *_TASKS)
    + passes("executionRoleArn", *_TASKS),
    "DeregisterTaskDefinition": PLAIN,
    "DescribeTaskDefinition": PLAIN,
    "ListTaskDefinitions": PLAIN,
    "CreateService": _in_cluster(
        on("service/{cluster|cluster_name}/{serviceName}"),
        ecs__task_definition="{taskDefinition|definition}",
        ecs__enable_execute_command="{enableExecuteCommand|truth}",
    )
    + _tags("CreateService", "service/{cluster|cluster_name}/{serviceName}"),
    "UpdateService": _in_cluster(
        on(_SERVICE),
        ecs__task_definition="{taskDefinition|definition}",
        ecs__enable_execute_command="{enableExecuteCommand|truth}",
    ),
    "DeleteService": _in_cluster(on(_SERVICE)),
    "DescribeServices": _in_cluster(on("service/{cluster|cluster_name}/{services|last_part}")),
    "ListServices": _in_cluster(PLAIN),
    "ListServiceDeployments": _in_cluster(on(_SERVICE)),
    "RunTask": _in_cluster(
        on("{taskDefinition|definition}"), ecs__enable_execute_command="{enableExecuteCommand|truth}"
    )
    + _tags("RunTask", "task/{cluster|cluster_name}/*")
    + _PROPAGATED
    + passes("-|task_role_of_run", *_TASKS)
    + passes("-|execution_role_of_run", *_TASKS),
    "StopTask": _in_cluster(on("task/{cluster|cluster_name}/{task|last_part}")),
    "DescribeTasks": _in_cluster(on("task/{cluster|cluster_name}/{tasks|last_part}")),
    # The reference names the container instance; without one in the request AWS's own examples write it so.
    "ListTasks": _in_cluster(on("container-instance/{cluster|cluster_name}/*", owned=False)),
    "ExecuteCommand": _in_cluster(
        on(_CLUSTER, "task/{cluster|cluster_name}/{task|last_part}"),
        ecs__container_name="{container}",
        ecs__task="arn:{-|partition}:ecs:{-|region}:{-|account}:task/{cluster|cluster_name}/{task|last_part}",
    ),
    "TagResource": on("{resourceArn}"),
    "UntagResource": on("{resourceArn}"),
    "ListTagsForResource": on("{resourceArn}"),
}
