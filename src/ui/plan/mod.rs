//! A plan as people read it before they consent.

mod containers;
mod difference;
mod group;
mod plain;
mod policy;
mod row;
mod screen;
mod view;

pub use screen::plan;
pub use view::{TaskSize, View};
