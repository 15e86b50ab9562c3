//! What AWS describes, as kinds report it.

use crate::engine::address::Address;
use crate::engine::inventory::{Live, Phase};
use crate::engine::kind::Spec;
use crate::engine::reference::Outputs;
use crate::engine::run::Made;

use super::context::{Context, Tags};
use super::tags;

/// One resource as AWS describes it.
#[derive(Clone, Debug)]
pub struct Found<R> {
    /// Where tags do not have it.
    pub address: Option<Address>,
    pub id: String,
    /// None may be empty: an answer that lacks one is not an answer.
    pub outputs: Outputs,
    pub phase: Phase,
    /// The properties; `None` at [`super::resource::Depth::Phase`], where a kind need not find them out.
    pub spec: Option<R>,
    pub tags: Tags,
    /// What went wrong with it and a person should know at once: the subjects of incidents.
    pub incidents: Vec<String>,
}

impl<R> Found<R> {
    /// Ready, with `id` as the only output; builder methods say what differs.
    pub fn new<'a>(id: impl Into<Option<&'a str>>) -> Self {
        let id = id.into().unwrap_or_default().to_owned();
        let outputs = Outputs::from([("id".to_owned(), id.clone())]);
        Self { address: None, id, outputs, phase: Phase::Ready, spec: None, tags: Tags::new(), incidents: Vec::new() }
    }

    /// The same with the outputs of what was created.
    pub fn of(made: Made) -> Self {
        Self { outputs: made.outputs, ..Self::new(made.id.as_str()) }
    }

    pub fn at(mut self, address: Address) -> Self {
        self.address = Some(address);
        self
    }

    pub fn output<'a>(mut self, name: &str, value: impl Into<Option<&'a str>>) -> Self {
        self.outputs.insert(name.to_owned(), value.into().unwrap_or_default().to_owned());
        self
    }

    /// An output that not every resource of the kind has.
    pub fn output_if(self, name: &str, value: Option<&str>) -> Self {
        if value.is_some() { self.output(name, value) } else { self }
    }

    pub fn phase(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    pub fn spec(mut self, spec: impl Into<Option<R>>) -> Self {
        self.spec = spec.into();
        self
    }

    pub fn tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    pub fn incidents(mut self, subjects: impl IntoIterator<Item = String>) -> Self {
        self.incidents.extend(subjects);
        self
    }
}

impl<R: Spec> Found<R> {
    /// As the inventory holds it; `None` for what is not the deployment's.
    pub fn live(self, context: &Context) -> Option<Live> {
        let Self { address, id, outputs, phase, spec, tags, .. } = self;
        let address = address.or_else(|| tags::address_of(context, R::KIND.name, &tags))?;
        let spec = spec.and_then(|spec| serde_json::to_value(spec).ok()).unwrap_or_default();
        Some(Live { address, id, outputs, phase, spec, tags })
    }
}

/// A resource that may be one that lost its tags, or is in the way of one that is to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: String,
    pub outputs: Outputs,
    pub tags: Tags,
}

impl<R> From<Found<R>> for Candidate {
    fn from(Found { id, outputs, tags, .. }: Found<R>) -> Self {
        Self { id, outputs, tags }
    }
}

/// A created or changed resource, with `id` among its outputs.
pub fn made<'a>(id: impl Into<Option<&'a str>>, outputs: &[(&str, &str)]) -> Made {
    let id = id.into().unwrap_or_default().to_owned();
    let all = outputs.iter().copied().chain([("id", id.as_str())]);
    let outputs = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Made { id, outputs }
}
