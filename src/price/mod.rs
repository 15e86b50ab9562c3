//! What a deployment costs a month at list price, and which package a load needs.
//!
//! [`Parts`] says what there is, of a graph, of an inventory, or of an inventory after a plan; [`estimate`] counts what
//! AWS charges for it and multiplies by the prices of a region: those of the dated table in the repository, or those
//! that AWS's Price List gives ([`list`]). What depends on use has a unit price and no amount. A region without prices
//! gives no number. Pure; `docs/cost.md` has the sources and the reasoning.

pub mod choice;
mod estimate;
pub mod io;
mod item;
pub mod list;
mod parts;
mod quantity;
pub mod size;
mod table;
mod usage;

#[cfg(test)]
mod tests;

pub use estimate::{Estimate, Line, NOT_COUNTED, estimate, estimate_at};
pub use item::{Item, Part};
pub use parts::Parts;
pub use table::{NoPrices, Price, Rates};
pub use usage::{HOURS, Usage};
