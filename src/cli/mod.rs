//! The command line. One command, one file; the doc comment of its `Args` is its help text.
//!
//! A command reads its arguments, calls the other rooms through [`Session`](crate::session::Session), and says what
//! came of it through [`Output`](crate::session::output::Output). It returns an [`Exit`](crate::session::exit::Exit) or
//! a [`CommandError`](crate::session::error::CommandError); only [`main`] ends the process.

mod args;
#[cfg(test)]
mod fuzz;
mod global;
mod interrupt;
mod logging;
mod main;
mod options;
mod place;
mod pointer;
mod progress;
mod proof;
mod terminal;
mod whole_file;
mod words;

mod alarms;
mod apply;
mod backup;
mod completions;
mod cost;
mod database;
mod destroy;
mod discover;
mod doctor;
mod exec;
mod explain;
mod files;
mod graph;
mod history;
mod init;
mod list;
mod logs;
mod man;
mod open;
mod path;
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
mod vpn;

pub use args::Cli;
pub use main::main;
