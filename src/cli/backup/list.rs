//! `ce-aws backup list`.

use crate::live;
use crate::session::{CommandError, Exit, Output, Session};
use crate::ui::backup::list;

use super::super::global::Global;
use super::super::options::Which;

/// Show the recovery points of a deployment
///
/// Those that ce-aws created and those of EFS's automatic backups, in any vault, of the file system in use and of
/// former ones that are kept. Shows which cannot be deleted by hand, and whose vault denies restores. Reads only.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (session, mut scope, _) = Session::of(args.which.selected(), &global.access(), output).await?;
    let inventory = session.inventory(&mut scope).await?;
    let view = live::backups::list(&session.context(&scope), &inventory).await?;
    output.answer(&view, || list(&session.target(&scope.name), &view, &args.which.shown()))?;
    Ok(Exit::Done)
}
