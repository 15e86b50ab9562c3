//! `ce-aws destroy`.

use crate::planners::teardown;
use crate::session::lease::Exclusive;
use crate::session::{CommandError, Exit, Output, Session};
use crate::upgrade::destroy::{destroy, refuse_unknown};
use crate::upgrade::limits::Limits;
use crate::upgrade::run::Context;

use super::global::Global;
use super::options::{ChangeOptions, Which};

/// Delete a deployment, and keep its data
///
/// Works from the tags in AWS, so that --name is enough when the plan file is lost. The file system, the secrets, the
/// log buckets and the recovery points are kept for a later `apply`, unless --delete-data is given.
///
/// Nothing is deleted while somebody else uses it: whatever others have put into the VPC, or attached to what runs
/// there, is found first and named. With --leave-network everything else is deleted and the VPC is left to them. What
/// GuardDuty has created in the VPC for itself is deleted with it.
///
/// A load balancer with deletion protection is only deleted with --unprotect, or when the deployment's name is typed
/// at the prompt; --yes is not enough.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    change: ChangeOptions,

    /// Remove deletion protection
    #[arg(long)]
    unprotect: bool,

    /// Delete the file system, its recovery points in our vault, the secrets and the log buckets too
    #[arg(long)]
    delete_data: bool,

    /// Leave the VPC, and what must stay with it, to others who use it
    #[arg(long)]
    leave_network: bool,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (session, scope, plan) = Session::of(args.which.selected(), &global.access(), output).await?;
    let Args { delete_data, unprotect, leave_network, change, .. } = *args;
    let options = teardown::Options { delete_data, unprotect, leave_network };
    let (file, limits) = (args.which.shown(), Limits::new(None, None));
    let context = Context { session: &session, scope: &scope, output, file: &file, yes: change.yes, limits };
    let exclusive = Exclusive::request(&session, &scope.name, plan.as_ref(), change.manner(), output).await?;
    if !exclusive.is_known() {
        refuse_unknown(context).await?;
    }
    destroy(context, exclusive, options, None).await
}
