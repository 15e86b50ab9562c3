//! The command line. One command, one file; the doc comment of its `Args` is its help text.
//!
//! A command reads its arguments, calls the other rooms through [`session`], and says what came of it through
//! [`output`]. It returns an [`exit::Exit`] or an [`error::CommandError`]; only [`main`] ends the process.

mod address;
mod args;
mod carry;
mod catalogue;
mod climb;
mod confirm;
mod consent;
mod error;
mod execute;
mod exit;
#[cfg(test)]
mod fuzz;
mod leased;
mod logging;
mod main;
mod moment;
mod other_plan_files;
mod output;
mod pointer;
mod preflight;
mod proof;
mod report;
mod restoring;
mod rewrite;
mod saga;
mod saved;
mod scope;
mod session;
mod source;
mod standing;
mod tidy;
mod under_way;
mod undo;
mod way_back;

mod apply;
mod backup;
mod completions;
mod cost;
mod destroy;
mod discover;
mod doctor;
mod explain;
mod graph;
mod history;
mod init;
mod list;
mod plan;
mod policy;
mod releases;
mod schema;
mod size;
mod start;
mod status;
mod stop;
mod upgrade;
mod validate;

pub use args::Cli;
pub use exit::Exit;
pub use main::main;
