//! The engine: what should exist, what exists, a plan for the difference, and its execution.
//!
//! It knows nothing of AWS, of the plan file or of the terminal:
//!
//! * [`graph`] holds the resources that should exist, [`inventory`] those that do;
//! * a planner compares the two and writes a [`plan::Plan`], which is data and never changes again;
//! * [`run`] executes a plan as a pure state machine: events in, commands out, no clock of its own;
//! * [`drive`] is the thin asynchronous shell around it, which talks to a [`drive::World`];
//! * everything that happens leaves as [`event`]s, which the terminal, JSON output and the run history read.

pub mod address;
pub mod cadence;
pub mod clock;
pub mod compare;
pub mod condition;
pub mod drive;
pub mod estimate;
pub mod event;
pub mod failure;
pub mod graph;
pub mod holder;
pub mod inventory;
pub mod kind;
pub mod pace;
pub mod plan;
pub mod polls;
pub mod propagation;
pub mod queue;
pub mod reference;
pub mod run;
pub mod set;

#[cfg(test)]
mod tests;
