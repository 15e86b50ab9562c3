//! What every kind works with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;

use crate::aws::clients::Clients;
use crate::engine::address::Address;
use crate::engine::reference::{Known, Outputs};

use super::names::Names;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// AWS, and what is known of one deployment.
#[derive(Clone, Debug)]
pub struct Context {
    pub aws: Arc<Clients>,
    pub names: Names,
    /// Outputs of what exists so far: parents are found here.
    pub known: Known,
    /// The cluster that the service is in, by name or ARN, where it is not one of ours.
    pub cluster: Option<String>,
    /// The ARN of the load balancer that the plan file names, if our listener is on one of the user's.
    pub load_balancer: Option<String>,
    /// The private key of the UI's certificate, if the plan file names one. It is in no plan.
    pub ui_key: Option<SecretString>,
    /// The run, for idempotency tokens and the tag `ce-aws:run`.
    pub run: String,
    /// What is known already of revisions of task definitions.
    pub revisions: Revisions,
    /// What this run has noted.
    pub notes: Notes,
}

impl Context {
    /// The resources of a kind that exist, with their outputs.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a Address, &'a Outputs)> {
        self.known.iter().filter(move |(address, _)| address.kind() == kind)
    }

    /// One output of every resource of a kind that has it, with the resource's address.
    pub fn each<'a>(&'a self, kind: &'a str, output: &'a str) -> impl Iterator<Item = (&'a Address, &'a str)> {
        self.of_kind(kind).filter_map(move |(address, outputs)| Some((address, outputs.get(output)?.as_str())))
    }

    /// The same without addresses.
    pub fn outputs(&self, kind: &str, output: &str) -> Vec<String> {
        self.each(kind, output).map(|(_, value)| value.to_owned()).collect()
    }
}

/// The containers of a revision, by name: whether the health of the task depends on it.
pub type Revision = BTreeMap<String, bool>;

/// Revisions of task definitions by ARN. They never change, so each is asked for once.
#[derive(Clone, Debug, Default)]
pub struct Revisions(Arc<Mutex<BTreeMap<String, Arc<Revision>>>>);

impl Revisions {
    pub fn get(&self, arn: &str) -> Option<Arc<Revision>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(arn).cloned()
    }

    pub fn put(&self, arn: &str, revision: Revision) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned(), Arc::new(revision));
    }
}

/// The notes of this run, and what else it has to remember of calls that AWS carries out later.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<BTreeMap<String, Option<String>>>>);

impl Notes {
    /// `None`: this run knows nothing of it. `Some(None)`: it has removed it.
    pub fn get(&self, key: &str) -> Option<Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub fn put(&self, key: &str, value: Option<&str>) {
        let value = value.map(str::to_owned);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), value);
    }
}
