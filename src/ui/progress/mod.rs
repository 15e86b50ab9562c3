//! The progress of a run: readers of the one event stream.
//!
//! [`tracker`] knows from the events what is going on and how long it may still take; [`line`] puts single events
//! into words, [`frame`] the whole state. The three reporters only choose among these and write.

pub mod frame;
pub mod line;
pub mod reporter;
pub mod tracker;

pub use line::Detail;
pub use reporter::{Json, Lines, Reporter, Terminal};
