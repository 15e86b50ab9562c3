//! Every change of a deployment: a plan, the consent of a person, the run, and how it ended.
//!
//! [`run`] has these four for one plan; [`chain`] is `apply` and `upgrade`, one permitted upgrade after the other. An
//! upgrade or a restore that is not finished is an [`open_operation`]: [`resume`] finishes it and [`rollback`] ends it,
//! from what is in AWS alone.

pub mod backup;
pub mod chain;
mod cleanup;
mod data_changed;
pub mod destroy;
pub mod endpoints;
pub mod limits;
pub mod load_dump;
pub mod open_operation;
pub mod plan;
pub mod planning;
mod report_probe;
mod restore;
pub mod restore_point;
pub mod resume;
pub mod rollback;
pub mod run;
mod undo_create;
mod update_plan_file;
