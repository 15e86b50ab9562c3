//! Foreign tasks that mount the deployment's file system.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;
use crate::kinds::service::read;

/// ARNs of running tasks in our own cluster that belong neither to the service nor to our families, and mount a file
/// system of the deployment. In an existing cluster only our own families are checked: EFS does not report its clients.
pub async fn writing(context: &Context) -> Result<Vec<String>, Failure> {
    let view = read::snapshot(context).await?;
    let running: Vec<_> = view.foreign_tasks.iter().filter(|task| task.last != "STOPPED").collect();
    let ours: BTreeSet<String> = context.outputs("file-system", "id").into_iter().collect();
    let definitions: BTreeSet<&str> = running.iter().map(|task| task.task_definition.as_str()).collect();
    let mounting = try_join_all(definitions.into_iter().map(|arn| {
        let ours = &ours;
        async move {
            let call = context.aws.ecs.describe_task_definition().task_definition(arn);
            let definition = call.send().await.unless_gone()?.and_then(|answer| answer.task_definition);
            let volumes = definition.as_ref().map(|definition| definition.volumes()).unwrap_or_default();
            let mut mounted = volumes.iter().filter_map(|volume| volume.efs_volume_configuration());
            Ok::<_, Failure>(mounted.any(|efs| ours.contains(efs.file_system_id())).then_some(arn))
        }
    }));
    let mounting: BTreeSet<&str> = mounting.await?.into_iter().flatten().collect();
    let writes = running.iter().filter(|task| mounting.contains(task.task_definition.as_str()));
    Ok(writes.map(|task| task.arn.clone()).collect())
}
