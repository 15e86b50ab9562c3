//! From what runs to what a plan file asks for: one permitted step after the other, each of which can be finished or
//! rolled back from what is in AWS alone.

pub mod chain;
pub mod cleanup;
pub mod endpoints;
pub mod limits;
pub mod open_operation;
pub mod plan;
pub mod planning;
pub mod restore;
pub mod rollback;
pub mod run;
pub mod undo_create;
pub mod update_plan_file;
