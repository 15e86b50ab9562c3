//! `ce-aws upgrade`.

use std::path::PathBuf;

use clap::ArgGroup;

use crate::blueprint::image_change::Running;
use crate::config::PlanFile;
use crate::release::Version;
use crate::session::intent::describe;
use crate::session::lease::of_file;
use crate::session::{CommandError, Exit, Found, Output, PLAN_FILE, Scope, Session, Source};
use crate::upgrade::chain::{self, ChainOptions, Start, upgrade_chain};
use crate::upgrade::limits::Limits;
use crate::upgrade::open_operation::OpenOperation;
use crate::upgrade::plan::OnFailure;
use crate::upgrade::resume::resume;
use crate::upgrade::rollback;
use crate::upgrade::run::Context;

use super::global::Global;
use super::options::{ChangeOptions, UpgradeOptions};

/// Upgrade in place: stop, back up, start the new release, verify it, or roll back
///
/// Shows the plan and what RabbitMQ's queues hold, and asks. Then it records the upgrade on the service, stops it and
/// confirms that every task has stopped, creates a recovery point, runs the data steps of the release, starts the new
/// release and watches it. When a step fails it rolls back to what ran before, and exits with 6; where the data may
/// have changed, it restores the recovery point. It exits with 7 when only a person can decide.
///
/// On success the plan file is updated to match the running version; its comments and layout stay.
///
/// Whatever interrupts it, even kill -9: --resume continues and --rollback rolls back, from what is in AWS alone.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["to", "image", "resume", "rollback"]))]
pub struct Args {
    /// Plan file of the deployment
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// Release to reach; where it takes several upgrades, one after the other
    #[arg(long, value_name = "RELEASE")]
    to: Option<Version>,

    /// Another image for one container, or another tag of the one it has; repeat for several
    #[arg(long, value_name = "NAME=IMAGE")]
    image: Vec<String>,

    /// Finish an upgrade that was interrupted
    #[arg(long, conflicts_with_all = ["to", "image", "rollback"])]
    resume: bool,

    /// Roll back an upgrade that was interrupted; with --no-backup on the current data
    #[arg(long, conflicts_with_all = ["to", "image"])]
    rollback: bool,

    #[command(flatten)]
    change: ChangeOptions,

    /// Leave the plan file as it is
    #[arg(long)]
    no_write: bool,

    /// What to do when a step fails
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    on_failure: OnFailure,

    #[command(flatten)]
    options: UpgradeOptions,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let work = async |session: &Session, source: &Source, file: &PlanFile, found: Found| {
        let consent = args.options.consent();
        let (write, on_failure) = (!args.no_write, args.on_failure);
        let options = ChainOptions { source, consent, on_failure, undoes_create: false, write };
        let limits = Limits::of(&consent);
        let (scope, inventory) = (Scope::of(file), found.inventory);
        let context = Context { session, scope: &scope, output, file: &source.path, yes: args.change.yes, limits };
        if !(args.resume || args.rollback) {
            let running = Running::of(&inventory).ok_or_else(|| {
                CommandError::refused("upgrade/nothing-runs", format!("{} is not deployed", scope.name))
                    .hint(format!("deploy it with `ce-aws apply {}`", source.path))
            })?;
            let last = chain::edited(source, file, args.to, &args.image)?;
            let steps = chain::steps(source, running.release(), last)?;
            let start = Start { inventory, existing: None };
            return upgrade_chain(context, options, &steps, start, None).await;
        }
        let now = OpenOperation::of(session, &scope, inventory).await?.ok_or_else(|| {
            CommandError::refused("upgrade/none-open", "no upgrade is under way; nothing was changed")
                .hint(format!("`ce-aws status {}` shows what runs", source.path))
        })?;
        context.show(&format!("{}\n", describe(&now.intent)));
        if args.rollback {
            let limits = Limits { keeps_data: consent.no_backup, ..limits };
            return rollback::on_request(Context { limits, ..context }).await;
        }
        resume(context, options, now).await
    };
    of_file(&args.file, args.change.manner(), &global.access(), output, work).await
}
