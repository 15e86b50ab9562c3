//! The engine: what a deployment should be, what it is, what to do about the difference, and doing it.
//!
//! It knows nothing of AWS, of the plan file or of the terminal. From left to right:
//!
//! * [`graph`] holds the resources that should exist, [`inventory`] those that do;
//! * a planner compares the two and writes a [`plan::Plan`], which is data and never changes again;
//! * [`run`] executes a plan as a pure state machine: events in, commands out, no clock of its own;
//! * [`drive`] is the thin asynchronous shell around it, which talks to a [`drive::World`];
//! * everything that happens leaves as [`event`]s; whoever shows or stores something reads those.

pub mod address;
pub mod cadence;
pub mod clock;
pub mod compare;
pub mod drive;
pub mod estimate;
pub mod event;
pub mod failure;
pub mod graph;
pub mod holder;
pub mod inventory;
pub mod judge;
pub mod kind;
pub mod looks;
pub mod pace;
pub mod plan;
pub mod propagation;
pub mod queue;
pub mod reference;
pub mod run;
pub mod set;

#[cfg(test)]
mod tests;
