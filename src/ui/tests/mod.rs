//! Snapshots of what people see, over plans and events made by hand.

mod after;
mod backup;
mod cost;
mod create;
mod destroy;
mod difference;
mod discover;
mod fixture;
mod graph;
mod history;
mod list;
mod logs;
mod narrow;
mod plan;
mod progress;
mod status;
mod status_all;
mod upgrade;
