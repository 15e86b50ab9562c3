//! Which keys a plan file may have.

/// A key that a table may have.
pub(super) struct Key {
    pub name: &'static str,
    pub holds: Holds,
}

/// What stands under a key.
#[derive(Clone, Copy)]
pub(super) enum Holds {
    Value,
    /// A table, or a list of tables, with these keys.
    Table(&'static [Key]),
    /// A table whose keys are the user's own.
    OwnNames,
    /// Nothing: these keys stand in the same table instead.
    Beside(&'static [Key]),
}

impl Key {
    /// The keys of a table.
    pub fn of(keys: &'static [Self]) -> Vec<&'static Self> {
        let flat = |key: &'static Self| match key.holds {
            Holds::Beside(keys) => Self::of(keys),
            _ => vec![key],
        };
        keys.iter().flat_map(flat).collect()
    }

    pub fn names(keys: &'static [Self]) -> Vec<&'static str> {
        Self::of(keys).into_iter().map(|key| key.name).collect()
    }

    /// These keys and those of the tables among them, each with the path of its table; `path` is their own.
    pub fn tree(path: &str, keys: &'static [Self]) -> Vec<(String, &'static Self)> {
        let keys = Self::of(keys);
        let own = keys.iter().map(|key| (path.to_owned(), *key));
        let inner = keys.iter().filter_map(|key| match key.holds {
            Holds::Table(inner) => Some(Self::tree(&join(path, key.name), inner)),
            _ => None,
        });
        own.chain(inner.flatten()).collect()
    }
}

/// `network.cidr`, for the key `cidr` of the table `network`; the top level has an empty path.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
