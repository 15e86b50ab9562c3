//! Setting and removing tags: each service has calls of its own.

use aws_sdk_ec2::types::Tag as Ec2Tag;

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::{Context, Tags};

use super::form::write;
use super::s3;

/// The service whose calls tag a kind of resource, and what those calls know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// It carries no tags.
    None,
    /// By id.
    Ec2,
    /// By ARN.
    Ecs,
    /// By id.
    Efs,
    /// By ARN.
    Elb,
    /// Roles, by name.
    Iam,
    /// Log groups, by name.
    Logs,
    /// Buckets, by name.
    S3,
    /// By ARN.
    Secrets,
    /// By ARN.
    Backup,
}

/// Sets tags, and removes those named. `id` is what the service's calls know the resource by, see [`Tagging`].
///
/// # Errors
///
/// Whatever the calls meet.
pub async fn set(tagging: Tagging, context: &Context, id: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
    /// One call that adds and one that removes, each only if there is something to do.
    macro_rules! calls {
        ($add:expr, $tags:expr; $remove:expr, $keys:ident($names:expr)) => {{
            if !set.is_empty() {
                $add.set_tags(Some($tags)).send().await.done()?;
            }
            if !remove.is_empty() {
                $remove.$keys(Some($names)).send().await.done()?;
            }
            Ok(())
        }};
    }
    let aws = &context.aws;
    let map = || set.clone().into_iter().collect();
    let keys = || remove.to_vec();
    match tagging {
        Tagging::None => Err(Failure::of(Cause::Internal, format!("{id} carries no tags"))),
        Tagging::Ec2 => {
            let named = || remove.iter().map(|key| Ec2Tag::builder().key(key).build()).collect();
            calls!(
                aws.ec2.create_tags().resources(id), write(set);
                aws.ec2.delete_tags().resources(id), set_tags(named())
            )
        }
        Tagging::Ecs => calls!(
            aws.ecs.tag_resource().resource_arn(id), write(set);
            aws.ecs.untag_resource().resource_arn(id), set_tag_keys(keys())
        ),
        Tagging::Efs => calls!(
            aws.efs.tag_resource().resource_id(id), write(set);
            aws.efs.untag_resource().resource_id(id), set_tag_keys(keys())
        ),
        Tagging::Elb => calls!(
            aws.elb.add_tags().resource_arns(id), write(set);
            aws.elb.remove_tags().resource_arns(id), set_tag_keys(keys())
        ),
        Tagging::Iam => calls!(
            aws.iam.tag_role().role_name(id), write(set);
            aws.iam.untag_role().role_name(id), set_tag_keys(keys())
        ),
        Tagging::Logs => {
            let arn = context.names.arn("logs", &format!("log-group:{id}"));
            calls!(
                aws.logs.tag_resource().resource_arn(&arn), map();
                aws.logs.untag_resource().resource_arn(&arn), set_tag_keys(keys())
            )
        }
        Tagging::S3 => s3::set(context, id, set, remove).await,
        Tagging::Secrets => calls!(
            aws.secrets.tag_resource().secret_id(id), write(set);
            aws.secrets.untag_resource().secret_id(id), set_tag_keys(keys())
        ),
        Tagging::Backup => calls!(
            aws.backup.tag_resource().resource_arn(id), map();
            aws.backup.untag_resource().resource_arn(id), set_tag_key_list(keys())
        ),
    }
}
