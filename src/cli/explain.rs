//! `ce-aws explain`.

use crate::checks::explain::{explain, nearest};
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::output::Output;
use crate::ui;

/// Say what a finding or an error means, and what to do about it
///
/// Works offline. The code is what stands in brackets, as in refused[quota/exceeded].
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Code of a finding or an error
    #[arg(value_name = "CODE")]
    code: String,
}

/// Runs the command.
///
/// # Errors
///
/// There is no such code.
pub fn run(args: &Args, output: &Output) -> Result<Exit, CommandError> {
    // Whoever copies it may copy the brackets, and what stands before them.
    let code = args.code.rsplit('[').next().unwrap_or_default().trim_end_matches([']', ':']);
    let Some(explained) = explain(code) else {
        let hint = format!("the nearest ones are {}", nearest(code).join(", "));
        return Err(CommandError::usage("usage/unknown-code", format!("there is no code {code:?}")).hint(hint));
    };
    let row = ui::doctor::Row {
        code: code.to_owned(),
        severity: explained.severity.to_owned(),
        when: explained.when.to_owned(),
        what_to_do: explained.what_to_do.to_owned(),
    };
    if output.is_json() {
        output.document(&row)?;
    } else {
        output.data(&ui::doctor::explained(&row))?;
    }
    Ok(Exit::Done)
}
