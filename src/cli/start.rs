//! `ce-aws start`.

use crate::planners::halt;
use crate::session::intent::open_intent;
use crate::session::lease::of_deployment;
use crate::session::{CommandError, Exit, Found, Output, Session};
use crate::upgrade::endpoints::report_found;
use crate::upgrade::limits::Limits;
use crate::upgrade::run::{Context, Work, propose_and_run};

use super::global::Global;
use super::options::{ChangeOptions, Timing, Which};
use super::stop::service;

/// Start Cloud Exchange again, and verify that it is healthy
///
/// Confirms that nothing writes to the file system, starts one task of the revision that ran before, waits until
/// everything is healthy, and watches it for a while.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    change: ChangeOptions,

    #[command(flatten)]
    timing: Timing,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let work = async |session: &Session, Found { scope, inventory }: Found| {
        let service = service(&inventory, &scope)?;
        let limits = Limits::new(args.timing.deadline, args.timing.watch);
        let target = session.target(&scope.name);
        let mut plan = halt::start(&inventory, target, service, limits.deadline, limits.watch);
        plan.findings.extend(open_intent(&inventory));
        let context =
            Context { session, scope: &scope, output, file: &args.which.shown(), yes: args.change.yes, limits };
        let already = format!("{} runs already, and is healthy", scope.name);
        let result = propose_and_run(context, Work { already, ..Work::new(plan, "Start it?") }).await?;
        let exit = result.as_ref().map_or(Exit::Done, |result| result.exit());
        if exit == Exit::Done {
            let known = result.map_or_else(|| inventory.known(), |result| result.known);
            report_found(context, &inventory, &known).await?;
        }
        Ok(exit)
    };
    of_deployment(args.which.selected(), args.change.manner(), &global.access(), output, work).await
}
