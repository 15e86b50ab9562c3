//! Conditions of a release file, and what is wrong if they do not hold.

use std::{collections::BTreeSet, fmt::Display};

pub(super) fn unique<T: Ord + Clone + Display>(what: &str, names: impl Iterator<Item = T>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        ensure(seen.insert(name.clone()), || format!("{what} {name} is there twice"))?;
    }
    Ok(())
}

pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
