//! What holds of every run, shown by random plans against a simulated world in virtual time.

mod cases;
mod condition;
mod drive;
mod monitor;
mod propagation;
mod queue_properties;
mod run_endings;
mod run_properties;
mod run_rules;
mod simulation;
