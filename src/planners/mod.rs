//! Plans, from the graph and the inventory. Pure functions: no AWS calls, no terminal.

pub mod converge;
mod data;
pub mod deletion;
pub mod discard;
pub mod halt;
pub mod held;
pub mod intent;
pub mod record;
pub mod renewal;
pub mod teardown;
pub mod upgrade;
pub mod upstream;
pub mod verdict;
mod widen_roles;

#[cfg(test)]
mod tests;
