//! Foreign resources in the deployment's cluster, on its load balancer and file system, and in its vault.

use futures::future::try_join_all;

use crate::aws::error::{on, unless_gone};
use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::engine::holder::Holder;
use crate::kinds::service::read;
use crate::kinds::{recovery_point, tags};

use super::interfaces::whose;
use super::network::Search;

impl Search<'_> {
    fn all_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Address)> {
        // Where a resource has two identifiers, calls take its ARN.
        let arns: Vec<_> = self.ours.of_kind(kind).filter(|(id, _)| id.starts_with("arn:")).collect();
        let all: Vec<_> = if arns.is_empty() { self.ours.of_kind(kind).collect() } else { arns };
        all.into_iter()
    }

    /// Services, tasks and container instances in our cluster (ECS API reference, DeleteCluster).
    pub async fn in_cluster(self) -> Result<Vec<Holder>, Failure> {
        let Some((cluster, address)) = self.all_of("cluster").next() else { return Ok(Vec::new()) };
        let ecs = &self.context.aws.ecs;
        let services = async {
            let pages = ecs.list_services().cluster(cluster).into_paginator().items().send();
            let all = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ecs ListServices"));
            Ok::<_, Failure>(unless_gone(all)?.unwrap_or_default())
        };
        let described =
            async { ecs.describe_clusters().clusters(cluster).send().await.map_err(on("ecs DescribeClusters")) };
        let (services, view, described) = tokio::try_join!(services, read::snapshot(self.context), described)?;
        let holder = |what: &str, id: &str, who: String, remedy: &str| Holder {
            what: what.to_owned(),
            id: id.to_owned(),
            whose: who,
            holds: vec![address.clone()],
            remedy: remedy.to_owned(),
        };
        let service =
            |arn: &String| holder("service", arn, String::new(), "delete the service: `aws ecs delete-service`");
        let mut all: Vec<Holder> = services.iter().filter(|arn| !self.ours.is(arn)).map(service).collect();
        // A service's tasks are deleted with it.
        let tasks =
            view.foreign_tasks.iter().filter(|task| task.last != "STOPPED" && !task.started_by.starts_with("ecs-svc/"));
        all.extend(tasks.map(|task| {
            let family = task.task_definition.rsplit('/').next().unwrap_or_default();
            holder("task", &task.arn, family.to_owned(), "stop the task: `aws ecs stop-task`")
        }));
        let instances = described.clusters().iter().map(|one| one.registered_container_instances_count()).sum::<i32>();
        if instances > 0 {
            let id = format!("of {}", cluster.rsplit('/').next().unwrap_or_default());
            let remedy = "deregister them: `aws ecs deregister-container-instance`";
            all.push(holder("container instances", &id, format!("{instances} registered"), remedy));
        }
        Ok(all)
    }

    /// Foreign listeners on our load balancer, which would be deleted with it.
    pub async fn listeners(self) -> Result<Vec<Holder>, Failure> {
        let of_each = self.all_of("load-balancer").map(|(arn, address)| async move {
            let pages =
                self.context.aws.elb.describe_listeners().load_balancer_arn(arn).into_paginator().items().send();
            let all = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("elb DescribeListeners"));
            let all = unless_gone(all)?.unwrap_or_default().into_iter().filter_map(|one| {
                let arn = one.listener_arn().filter(|arn| !self.ours.is(arn))?;
                Some(Holder {
                    what: "listener".to_owned(),
                    id: arn.to_owned(),
                    whose: one.port().map(|port| format!("port {port}")).unwrap_or_default(),
                    holds: vec![address.clone()],
                    remedy: "it would be deleted with our load balancer: move it to another, or delete it".to_owned(),
                })
            });
            Ok::<_, Failure>(all.collect::<Vec<_>>())
        });
        Ok(try_join_all(of_each).await?.into_iter().flatten().collect())
    }

    /// Foreign load balancers that forward to our target group, except those with a listener of ours.
    pub async fn balancers(self, with_ours: &[String]) -> Result<Vec<Holder>, Failure> {
        let of_each = self.all_of("target-group").map(|(arn, address)| async move {
            let answer = self.context.aws.elb.describe_target_groups().target_group_arns(arn).send().await;
            let groups =
                unless_gone(answer.map_err(on("elb DescribeTargetGroups")))?.and_then(|answer| answer.target_groups);
            let balancers =
                groups.unwrap_or_default().into_iter().filter_map(|group| group.load_balancer_arns).flatten();
            let others = balancers.filter(|arn| !self.ours.is(arn) && !with_ours.contains(arn));
            let holder = |arn: String| Holder {
                what: "load balancer".to_owned(),
                id: arn,
                whose: String::new(),
                holds: vec![address.clone()],
                remedy: "remove our target group from its listeners and rules".to_owned(),
            };
            Ok::<_, Failure>(others.map(holder).collect::<Vec<_>>())
        });
        Ok(try_join_all(of_each).await?.into_iter().flatten().collect())
    }

    /// Foreign access points on our file systems, which would be deleted with them.
    pub async fn access_points(self) -> Result<Vec<Holder>, Failure> {
        let ids = self.ours.of_kind("file-system").filter(|(id, _)| id.starts_with("fs-"));
        let of_each = ids.map(|(id, address)| async move {
            let pages =
                self.context.aws.efs.describe_access_points().file_system_id(id).into_paginator().items().send();
            let all = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("efs DescribeAccessPoints"));
            let all = unless_gone(all)?.unwrap_or_default().into_iter().filter_map(|one| {
                let id = one.access_point_id().filter(|id| !self.ours.is(id))?;
                Some(Holder {
                    what: "access point".to_owned(),
                    id: id.to_owned(),
                    whose: one.name().unwrap_or_default().to_owned(),
                    holds: vec![address.clone()],
                    remedy:
                        "its data would be deleted with the file system: copy it elsewhere, and delete the access point"
                            .to_owned(),
                })
            });
            Ok::<_, Failure>(all.collect::<Vec<_>>())
        });
        Ok(try_join_all(of_each).await?.into_iter().flatten().collect())
    }

    /// Recovery points in our vault that are neither of our file systems nor created by us.
    pub async fn recovery_points(self) -> Result<Vec<Holder>, Failure> {
        let Some((_, address)) = self.ours.of_kind("backup-vault").next() else { return Ok(Vec::new()) };
        let call = self
            .context
            .aws
            .backup
            .list_recovery_points_by_backup_vault()
            .backup_vault_name(self.context.names.stack());
        let all = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let all = unless_gone(all.map_err(on("backup ListRecoveryPointsByBackupVault")))?.unwrap_or_default();
        let foreign = all.into_iter().filter(|point| {
            let of = point.resource_arn().and_then(|arn| arn.rsplit('/').next());
            !of.is_some_and(|id| self.ours.is(id))
        });
        let of_each = foreign.map(|point| async move {
            let arn = point.recovery_point_arn().unwrap_or_default();
            if recovery_point::intent_of(self.context, &tags::of_backup(self.context, arn).await?).is_some() {
                return Ok(None);
            }
            Ok::<_, Failure>(Some(Holder {
                what: "recovery point".to_owned(),
                id: arn.to_owned(),
                whose: whose([point.resource_arn().map(|arn| format!("of {arn}"))]),
                holds: vec![address.clone()],
                remedy: "it would be deleted with our vault: copy it to another vault, and delete it here".to_owned(),
            }))
        });
        Ok(try_join_all(of_each).await?.into_iter().flatten().collect())
    }
}
