//! Route tables and their routes.

mod kind;
mod route;

pub use kind::RouteTable;
pub use route::{Route, Via};
