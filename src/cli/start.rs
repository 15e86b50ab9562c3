//! `ce-aws start`.

use crate::planners::halt;
use crate::session::Session;
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::intent::open_intent;
use crate::session::lease::under_lease;
use crate::session::output::Output;
use crate::upgrade::limits::{DEADLINE, Limits};

use super::global::Global;
use super::options::Leasing;
use super::options::Which;
use super::stop::{carry_out, service};

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
    let (session, mut scope, _) = Session::of(args.which.selected(), &global.access(), output).await?;
    let name = scope.name.clone();
    let limits = Limits { deadline: args.deadline.into(), watch: args.watch.into(), as_they_are: false };
    let work = async {
        let inventory = session.inventory(&mut scope).await?;
        let service = service(&inventory, &scope)?;
        let target = session.target(&scope.name);
        let mut plan = halt::start(&inventory, target, service, limits.deadline, limits.watch);
        plan.findings.extend(open_intent(&inventory));
        carry_out(&session, &scope, plan, ("Start it?", "running, and healthy"), args.yes, output).await
    };
    under_lease(&session, &name, args.leasing.no_lease, output, work).await
}
