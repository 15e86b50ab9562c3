//! Foreign resources in the deployment's cluster, on its load balancer and file system, and in its vault.

use futures::future::try_join_all;

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::engine::holder::Holder;
use crate::kinds::service::read;
use crate::kinds::{recovery_point, tags};

use super::interfaces::whose;
use super::network::Search;

impl Search<'_> {
    fn all_of(&self, kind: &str) -> Vec<String> {
        let (arns, others): (Vec<_>, Vec<_>) = self.ours.ids(kind).into_iter().partition(|id| id.starts_with("arn:"));
        // Where a resource has two identifiers, calls take its ARN.
        if arns.is_empty() { others } else { arns }
    }

    /// Services, tasks and container instances in our cluster (ECS API reference, DeleteCluster).
    pub async fn in_cluster(self) -> Result<Vec<Holder>, Failure> {
        let all = self.all_of("cluster");
        let Some(cluster) = all.first().map(String::as_str) else { return Ok(Vec::new()) };
        let ecs = &self.context.aws.ecs;
        let (services, view, described) = tokio::try_join!(
            async {
                ecs.list_services().cluster(cluster).into_paginator().items().send().try_collect().await.unless_gone()
            },
            read::snapshot(self.context),
            async { ecs.describe_clusters().clusters(cluster).send().await.answer() },
        )?;
        let holder = |what, id: &str, who, remedy| self.holder(what, Some(id), [cluster], who, remedy);
        let services = services.unwrap_or_default();
        let services = services
            .iter()
            .filter_map(|arn| holder("service", arn, String::new(), "delete the service: `aws ecs delete-service`"));
        // A service's tasks are deleted with it.
        let tasks =
            view.foreign_tasks.iter().filter(|task| task.last != "STOPPED" && !task.started_by.starts_with("ecs-svc/"));
        let tasks = tasks.filter_map(|task| {
            let family = task.task_definition.rsplit('/').next().unwrap_or_default();
            holder("task", &task.arn, family.to_owned(), "stop the task: `aws ecs stop-task`")
        });
        let instances = described.clusters().iter().map(|one| one.registered_container_instances_count()).sum::<i32>();
        let instances = (instances > 0).then(|| {
            let id = format!("of {}", cluster.rsplit('/').next().unwrap_or_default());
            let remedy = "deregister them: `aws ecs deregister-container-instance`";
            holder("container instances", &id, format!("{instances} registered"), remedy)
        });
        Ok(services.chain(tasks).chain(instances.flatten()).collect())
    }

    /// Foreign listeners on our load balancer, which would be deleted with it.
    pub async fn listeners(self) -> Result<Vec<Holder>, Failure> {
        let balancers = self.all_of("load-balancer");
        let of_each = balancers.iter().map(|balancer| async move {
            let call = self.context.aws.elb.describe_listeners().load_balancer_arn(balancer);
            let all = call.into_paginator().items().send().try_collect().await.unless_gone()?.unwrap_or_default();
            let holders = all.iter().filter_map(|one| {
                let port = one.port().map(|port| format!("port {port}")).unwrap_or_default();
                let remedy = "it would be deleted with our load balancer: move it to another, or delete it";
                self.holder("listener", one.listener_arn(), [balancer.as_str()], port, remedy)
            });
            Ok::<_, Failure>(holders.collect::<Vec<_>>())
        });
        Ok(try_join_all(of_each).await?.concat())
    }

    /// Foreign load balancers that forward to our target group, except those with a listener of ours.
    pub async fn balancers(self, with_ours: &[String]) -> Result<Vec<Holder>, Failure> {
        let groups = self.all_of("target-group");
        let of_each = groups.iter().map(|group| async move {
            let answer = self.context.aws.elb.describe_target_groups().target_group_arns(group).send().await;
            let live = answer.unless_gone()?.and_then(|answer| answer.target_groups).unwrap_or_default();
            let others = live.iter().flat_map(|live| live.load_balancer_arns()).filter(|arn| !with_ours.contains(arn));
            let holders = others.filter_map(|arn| {
                let remedy = "remove our target group from its listeners and rules";
                self.holder("load balancer", Some(arn), [group.as_str()], String::new(), remedy)
            });
            Ok::<_, Failure>(holders.collect::<Vec<_>>())
        });
        Ok(try_join_all(of_each).await?.concat())
    }

    /// Foreign access points on our file systems, which would be deleted with them.
    pub async fn access_points(self) -> Result<Vec<Holder>, Failure> {
        let file_systems = self.ours.ids("file-system").into_iter().filter(|id| id.starts_with("fs-"));
        let of_each = file_systems.map(|id| async move {
            let call = self.context.aws.efs.describe_access_points().file_system_id(&id);
            let all = call.into_paginator().items().send().try_collect().await.unless_gone()?.unwrap_or_default();
            let holders = all.iter().filter_map(|one| {
                let who = one.name().unwrap_or_default().to_owned();
                let remedy =
                    "its data would be deleted with the file system: copy it elsewhere, and delete the access point";
                self.holder("access point", one.access_point_id(), [id.as_str()], who, remedy)
            });
            Ok::<_, Failure>(holders.collect::<Vec<_>>())
        });
        Ok(try_join_all(of_each).await?.concat())
    }

    /// Recovery points in our vault that are neither of our file systems nor created by us.
    pub async fn recovery_points(self) -> Result<Vec<Holder>, Failure> {
        let Some(vault) = &self.ours.ids("backup-vault").into_iter().next() else { return Ok(Vec::new()) };
        let call = self.context.aws.backup.list_recovery_points_by_backup_vault();
        let call = call.backup_vault_name(self.context.names.stack());
        let all = call.into_paginator().items().send().try_collect().await.unless_gone()?.unwrap_or_default();
        let foreign = all.iter().filter(|point| {
            let of = point.resource_arn().and_then(|arn| arn.rsplit('/').next());
            !of.is_some_and(|id| self.ours.is(id))
        });
        let of_each = foreign.map(|point| async move {
            let arn = point.recovery_point_arn().unwrap_or_default();
            if recovery_point::intent_of(self.context, &tags::of_backup(self.context, arn).await?).is_some() {
                return Ok(None);
            }
            let who = whose([point.resource_arn().map(|arn| format!("of {arn}"))]);
            let remedy = "it would be deleted with our vault: copy it to another vault, and delete it here";
            Ok::<_, Failure>(self.holder("recovery point", Some(arn), [vault.as_str()], who, remedy))
        });
        Ok(try_join_all(of_each).await?.into_iter().flatten().collect())
    }
}
