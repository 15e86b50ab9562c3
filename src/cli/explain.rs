//! `ce-aws explain`.

use crate::checks::explain::{Explained, explain, nearest, sections};
use crate::session::{CommandError, Exit, Output};
use crate::ui;
use crate::ui::doctor::Row;

/// Say what a finding or an error means, and what to do about it
///
/// Works offline. A code is what an error shows in brackets, as in refused[quota/exceeded]. Without a code, lists them
/// all.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Code of a finding or an error [default: list all]
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub fn run(args: &Args, output: &Output) -> Result<Exit, CommandError> {
    match &args.code {
        None => list(output)?,
        Some(code) => one(code, output)?,
    }
    Ok(Exit::Done)
}

fn list(output: &Output) -> Result<(), CommandError> {
    let of_section = |rows: Vec<Explained>| rows.iter().flat_map(|of| of.codes().map(|code| row(code, of))).collect();
    let groups: Vec<(&str, Vec<Row>)> = sections().into_iter().map(|(title, rows)| (title, of_section(rows))).collect();
    let group = |(title, codes): &(&str, Vec<Row>)| serde_json::json!({ "title": title, "codes": codes });
    let document = serde_json::json!({ "groups": groups.iter().map(group).collect::<Vec<_>>() });
    output.answer(&document, || ui::doctor::codes(&groups))
}

fn one(text: &str, output: &Output) -> Result<(), CommandError> {
    // Whoever copies it may copy the brackets, and what stands before them.
    let code = text.rsplit('[').next().unwrap_or_default().trim_end_matches([']', ':']);
    let Some(explained) = explain(code) else {
        let hint = format!("the nearest ones are {}; `ce-aws explain` lists all", nearest(code).join(", "));
        return Err(CommandError::usage("usage/unknown-code", format!("there is no code {code:?}")).hint(hint));
    };
    let row = row(code, &explained);
    output.answer(&row, || ui::doctor::explained(&row))
}

fn row(code: &str, explained: &Explained) -> Row {
    Row {
        code: code.to_owned(),
        severity: explained.severity.to_owned(),
        when: explained.when.to_owned(),
        what_to_do: explained.what_to_do.to_owned(),
    }
}
