//! `ce-aws backup list`.

use crate::session::Session;
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::output::Output;
use crate::session::source::Selected;
use crate::ui::backup::list;

use super::super::global::Global;
use super::super::options::Which;
use super::look;

/// Show the recovery points of a deployment
///
/// Those that ce-aws made and those of EFS's automatic backups, wherever they are, of the file system in use and of former
/// ones that are kept. Says which cannot be deleted by hand, and whose vault forbids restores. Reads only.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (session, mut scope, _) = Session::of(args.which.selected(), &global.access(), output).await?;
    let inventory = session.inventory(&mut scope).await?;
    let view = look(&session, &scope, &inventory).await?;
    if output.is_json() {
        output.document(&view)?;
    } else {
        let file = match args.which.selected() {
            Selected::File(file) => file.display().to_string(),
            Selected::Name(_) => "FILE".to_owned(),
        };
        output.data(&list(&session.target(&scope.name), &view, &file))?;
    }
    Ok(Exit::Done)
}
