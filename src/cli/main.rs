//! From the arguments to the exit code.

use std::process::ExitCode;

use crate::session::report::Report;
use crate::session::{CommandError, Exit, Output, catalogue};

use super::args::{Cli, Command};
use super::global::Color;
use super::pointer::with_pointer;
use super::{
    alarms, apply, backup, completions, cost, database, destroy, discover, doctor, exec, explain, files, graph,
    history, init, list, logging, logs, man, open, path, plan, policy, releases, schema, size, start, status, stop,
    upgrade, validate, vpn,
};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    match completions::answer() {
        Ok(false) => {}
        Ok(true) => return Exit::Done.into(),
        Err(_) => return Exit::Usage.into(),
    }
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            let error = with_pointer(error);
            // Nothing sensible is left to do when even this cannot be written.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    match cli.global.color() {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let report = match cli.global.report.as_deref().map(Report::create).transpose() {
        Ok(report) => report,
        Err(error) => {
            Output::new(cli.global.output, cli.global.verbosity(), None).error(&error);
            return error.exit().into();
        }
    };
    let output = Output::new(cli.global.output, cli.global.verbosity(), report);
    let result = run(&cli, &output);
    if let Err(error) = &result {
        output.error(error);
    }
    if let (Some(report), Some(path)) = (output.report(), &cli.global.report) {
        match report.write(&cli.name, &result) {
            Ok(()) => output.note(&format!("report written to {}; read it before you send it\n", path.display())),
            Err(error) => output.always(&format!("the report could not be written to {}: {error}\n", path.display())),
        }
    }
    result.unwrap_or_else(|error| error.exit()).into()
}

fn run(cli: &Cli, output: &Output) -> Result<Exit, CommandError> {
    let global = &cli.global;
    logging::start(global, output.report().map(Report::calls))?;
    catalogue::adopt(&global.catalog)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandError::unexpected)?;
    match &cli.command {
        Command::Init(args) => runtime.block_on(init::run(args, global, output)),
        Command::Discover(args) => runtime.block_on(discover::run(args, global, output)),
        Command::Validate(args) => validate::run(args, global, output),
        Command::Doctor(args) => runtime.block_on(doctor::run(args, global, output)),
        Command::Explain(args) => explain::run(args, output),
        Command::Plan(args) => runtime.block_on(plan::run(args, global, output)),
        Command::Apply(args) => runtime.block_on(apply::run(args, global, output)),
        Command::Upgrade(args) => runtime.block_on(upgrade::run(args, global, output)),
        Command::Stop(args) => runtime.block_on(stop::run(args, global, output)),
        Command::Start(args) => runtime.block_on(start::run(args, global, output)),
        Command::Destroy(args) => runtime.block_on(destroy::run(args, global, output)),
        Command::Status(args) => runtime.block_on(status::run(args, global, output)),
        Command::Alarms(args) => runtime.block_on(alarms::run(args, global, output)),
        Command::Logs(args) => runtime.block_on(logs::run(args, global, output)),
        Command::Exec(args) => runtime.block_on(exec::run(args, global, output)),
        Command::Vpn(args) => runtime.block_on(vpn::run(args, global, output)),
        Command::Open(args) => runtime.block_on(open::run(args, global, output)),
        Command::Path(args) => runtime.block_on(path::run(args, global, output)),
        Command::List(args) => runtime.block_on(list::run(args, global, output)),
        Command::Releases(args) => releases::run(args, output),
        Command::Backup(args) => runtime.block_on(backup::run(args, global, output)),
        Command::Database(args) => runtime.block_on(database::run(args, global, output)),
        Command::Files(args) => runtime.block_on(files::run(args, global, output)),
        Command::History(args) => runtime.block_on(history::run(args, global, output)),
        Command::Graph(args) => graph::run(args, global, output),
        Command::Cost(args) => runtime.block_on(cost::run(args, global, output)),
        Command::Size(args) => size::run(args, global, output),
        Command::Policy(args) => runtime.block_on(policy::run(args, global, output)),
        Command::Schema(args) => schema::run(args, output),
        Command::Completions(args) => completions::run(args, output),
        Command::Man(args) => man::run(args),
    }
}
