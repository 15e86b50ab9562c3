//! `ce-aws start`.

use crate::planners::halt;

use super::args::Global;
use super::error::CommandError;
use super::exit::Exit;
use super::leased::{Leasing, under_lease};
use super::output::Output;
use super::saga::open_intent;
use super::session::Session;
use super::source::Which;
use super::stop::{carry_out, service};
use super::way_back::{DEADLINE, Limits};

/// Start Cloud Exchange again, and prove that it is well
///
/// Sees that nothing writes to the file system, starts one task of the revision that ran before, waits until everything
/// is healthy, and watches it for a while.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    leasing: Leasing,

    /// Seconds in which the task has to become healthy
    #[arg(long, value_name = "SECONDS", default_value_t = DEADLINE)]
    deadline: u32,

    /// Seconds for which it has to stay healthy
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    watch: u32,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (session, mut scope, _) = Session::of(&args.which, global, output).await?;
    let name = scope.name.clone();
    let limits = Limits { deadline: args.deadline.into(), watch: args.watch.into(), as_they_are: false };
    let work = async {
        let inventory = session.inventory(&mut scope).await?;
        let service = service(&inventory, &scope)?;
        let target = session.target(&scope.name);
        let mut plan = halt::start(&inventory, target, service, limits.deadline, limits.watch);
        plan.findings.extend(open_intent(&inventory));
        carry_out(&session, &scope, plan, ("Start it?", "running, and healthy"), args.yes, global, output).await
    };
    under_lease(&session, &name, args.leasing, output, work).await
}
