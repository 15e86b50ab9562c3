//! What holds of every plan, against a simulated account.

mod account;
mod converge_properties;
mod converge_rules;
mod discard;
mod halt;
mod samples;
mod service_rules;
mod switching_rules;
mod tag_rules;
mod teardown;
mod upgrade_cuts;
mod upgrade_order;
mod upgrade_world;
