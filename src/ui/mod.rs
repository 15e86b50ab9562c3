//! What people and scripts see: plans, progress, errors, pictures, status.
//!
//! Pure: values in, text out. Nothing here calls AWS or knows of the command line. Text holds colours, see
//! [`style`], and lines of any length, see [`layout`]; whatever came from outside is made safe to print by
//! [`text::clean`].

pub mod advice;
pub mod alarms;
pub mod backup;
pub mod cost;
pub mod discover;
pub mod doctor;
pub mod ending;
pub mod failure;
pub mod finding;
pub mod graph;
pub mod history;
pub mod io;
pub mod layout;
pub mod list;
pub mod logs;
pub mod open;
pub mod path;
pub mod plan;
pub mod probe;
pub mod progress;
pub mod redact;
pub mod releases;
pub mod remains;
pub mod size;
pub mod standing;
pub mod status;
pub mod style;
pub mod summary;
pub mod table;
pub mod text;
pub mod upgrade;
pub mod whereabouts;
pub mod words;

#[cfg(test)]
mod tests;
