"""ECS clusters and tags. Source: ECS API reference."""

import pytest
from conftest import refused
from ecs_kit import Kit


@pytest.mark.row("ecs:CreateCluster/DescribeClusters/ListClusters", plain="passes")
def test_cluster_is_made_and_listed(account):
    ecs = account.client("ecs")
    made = ecs.create_cluster(clusterName="c", settings=[{"name": "containerInsights", "value": "enabled"}])["cluster"]
    assert made["status"] == "ACTIVE"
    assert made["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    assert ecs.list_clusters()["clusterArns"] == [made["clusterArn"]]
    assert ecs.describe_clusters(clusters=["c", "ghost"])["failures"][0]["reason"] == "MISSING"


@pytest.mark.row("ecs:UpdateCluster/UpdateClusterSettings", plain="fails")
def test_cluster_settings_are_updated(account):
    ecs = account.client("ecs")
    ecs.create_cluster(clusterName="c")
    on = [{"name": "containerInsights", "value": "enabled"}]
    assert ecs.update_cluster_settings(cluster="c", settings=on)["cluster"]["settings"] == on
    off = [{"name": "containerInsights", "value": "disabled"}]
    assert ecs.update_cluster(cluster="c", settings=off)["cluster"]["settings"] == off
    assert ecs.describe_clusters(clusters=["c"], include=["SETTINGS"])["clusters"][0]["settings"] == off
    refused(lambda: ecs.update_cluster(cluster="ghost", settings=on), "ClusterNotFoundException")


@pytest.mark.row("ecs: a cluster is INACTIVE after deletion and can be created again", plain="fails")
def test_deleted_cluster_is_inactive(account):
    ecs = account.client("ecs")
    ecs.create_cluster(clusterName="c", tags=[{"key": "a", "value": "b"}])
    assert ecs.delete_cluster(cluster="c")["cluster"]["status"] == "INACTIVE"
    assert ecs.list_clusters()["clusterArns"] == []
    assert [c["status"] for c in ecs.describe_clusters(clusters=["c"])["clusters"]] == ["INACTIVE"]
    refused(lambda: ecs.list_services(cluster="c"), "ClusterNotFoundException")
    assert ecs.create_cluster(clusterName="c")["cluster"]["status"] == "ACTIVE"


@pytest.mark.row("neg:DeleteCluster with service -> ClusterContainsServicesException", plain="fails")
def test_cluster_with_service_is_kept(account):
    kit = Kit(account)
    kit.create(desiredCount=0)
    refused(lambda: kit.ecs.delete_cluster(cluster=kit.cluster), "ClusterContainsServicesException")


@pytest.mark.row("neg:DeleteCluster with tasks -> ClusterContainsTasksException", plain="fails")
def test_cluster_with_task_is_kept(account):
    kit = Kit(account)
    task = kit.run()
    refused(lambda: kit.ecs.delete_cluster(cluster=kit.cluster), "ClusterContainsTasksException")
    kit.ecs.stop_task(cluster=kit.cluster, task=task["taskArn"])
    account.advance(60)
    kit.ecs.delete_cluster(cluster=kit.cluster)


@pytest.mark.row("ecs:TagResource/UntagResource/ListTagsForResource", plain="passes")
def test_cluster_tags(account):
    ecs = account.client("ecs")
    arn = ecs.create_cluster(clusterName="c", tags=[{"key": "a", "value": "1"}])["cluster"]["clusterArn"]
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}])
    ecs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]


@pytest.mark.row("ecs: tags of services, tasks and task definitions; propagateTags", plain="fails")
def test_tags_reach_service_task_and_definition(account):
    kit = Kit(account)
    definition = kit.register(tags=[{"key": "d", "value": "1"}])
    made = kit.create(definition=definition, tags=[{"key": "s", "value": "2"}], propagateTags="SERVICE")
    account.advance(60)
    task = kit.tasks()[0]
    assert {"key": "s", "value": "2"} in task["tags"]
    for arn, key in ((definition, "d"), (made["serviceArn"], "s"), (task["taskArn"], "s")):
        assert key in [t["key"] for t in kit.ecs.list_tags_for_resource(resourceArn=arn)["tags"]]
