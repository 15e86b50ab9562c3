//! What a task needs where a proxy stands between it and the internet: the proxy's address, and whom to trust. And
//! what its containers need to trust each other, and browsers the UI.

use std::collections::BTreeMap;

use crate::config::{CaCertificate, NoProxyHost, SecretArn, UiCertificate};
use crate::engine::graph::Handle;
use crate::engine::reference::{Need, Ref};
use crate::kinds::secret::ca_certificate::{self, CaCertificate as CaSecret};
use crate::kinds::secret::internal_certificate::{self, InternalCertificate};
use crate::kinds::secret::ui_certificate::{self, UiCertificate as UiSecret};
use crate::kinds::task_definition::container::{self, FromSecret};
use crate::release::{self, CA_CERTIFICATE, HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SecretHome, no_proxy};

use super::groups::Groups;
use super::policies::SecretGrant;
use super::stack::Stack;

/// What containers get in addition to the environment of their release.
pub struct Outside {
    /// Secrets that ECS injects, besides the deployment's own.
    pub injected: Vec<SecretGrant>,
    /// The certificate of the UI's own web server.
    pub ui_certificate: Option<Handle<UiSecret>>,
    /// The vendor's template has the first two variables of a proxy, and the third in no container.
    proxy: Variables,
    ca: Variables,
}

#[derive(Default)]
struct Variables {
    plain: BTreeMap<String, String>,
    secret: BTreeMap<String, FromSecret>,
}

impl Outside {
    /// Adds the secret of a certificate file, and those of the internal certificate and the UI's.
    pub fn add(stack: &mut Stack<'_>, groups: &Groups) -> Self {
        let mut injected = Vec::new();
        let proxy = proxy(stack, &mut injected);
        let ca = ca(stack, &mut injected);
        internal(stack, &mut injected);
        let ui_certificate = of_ui(stack, groups, &mut injected);
        Self { injected, ui_certificate, proxy, ca }
    }

    /// Gives a container what its release says it takes.
    pub fn equip(&self, stack: &Stack<'_>, wanted: &release::Container, made: &mut container::Container) {
        let all = [(&self.proxy, wanted.proxy), (&self.ca, wanted.ca_certificate)];
        for (variables, _) in all.into_iter().filter(|(_, is_wanted)| *is_wanted) {
            made.environment.extend(variables.plain.clone());
            made.secrets.extend(variables.secret.clone());
        }
        if wanted.secrets.values().any(|key| key.home() == SecretHome::InternalCertificate) {
            let generation = stack.facts.generations.internal.to_string();
            made.environment.insert(internal_certificate::VARIABLE.to_owned(), generation);
        }
        if wanted.secrets.values().any(|key| key.home() == SecretHome::UiCertificate) {
            let which = match &stack.plan.ui_certificate {
                Some(UiCertificate::Files(pair)) => pair.fingerprint.clone(),
                Some(UiCertificate::SelfSigned) | None => format!("{} {}", stack.facts.generations.of_ui, names(stack)),
            };
            made.environment.insert(ui_certificate::VARIABLE.to_owned(), which);
        }
    }
}

fn proxy(stack: &Stack<'_>, injected: &mut Vec<SecretGrant>) -> Variables {
    let wanted = &stack.plan.proxy;
    let mut variables = Variables::default();
    if let Some(arn) = &wanted.secret {
        let grant = of_user(stack, "ReadProxySecret", arn);
        for (name, key) in [(HTTP_PROXY, "http_proxy"), (HTTPS_PROXY, "https_proxy")] {
            let value = FromSecret { secret: grant.arn.clone(), key: key.to_owned() };
            variables.secret.insert(name.to_owned(), value);
        }
        injected.push(grant);
    } else {
        for (name, url) in [(HTTP_PROXY, &wanted.http), (HTTPS_PROXY, &wanted.https)] {
            variables.plain.extend(url.as_ref().map(|url| (name.to_owned(), url.as_str().to_owned())));
        }
    }
    if !variables.plain.is_empty() || !variables.secret.is_empty() {
        let names = stack.names();
        let except = no_proxy(&names.region, names.dns_suffix(), wanted.no_proxy.iter().map(NoProxyHost::as_str));
        variables.plain.insert(NO_PROXY.to_owned(), except);
    }
    variables
}

fn ca(stack: &mut Stack<'_>, injected: &mut Vec<SecretGrant>) -> Variables {
    let Some(wanted) = stack.plan.ca.clone() else { return Variables::default() };
    let mut variables = Variables::default();
    let grant = match wanted {
        CaCertificate::Secret(arn) => of_user(stack, "ReadCaCertificate", &arn),
        CaCertificate::File(pem) => {
            let name = stack.names().secret(ca_certificate::PURPOSE);
            let secret = CaSecret { name, fingerprint: pem.fingerprint.clone(), pem: Some(pem.text) };
            // Other certificates make another task.
            variables.plain.insert("CA_CERTIFICATE_SHA256".to_owned(), pem.fingerprint);
            SecretGrant { id: "ReadCaCertificate", arn: stack.add("main", &secret).arn().any(), key: None }
        }
    };
    let value = FromSecret { secret: grant.arn.clone(), key: String::new() };
    variables.secret.insert(CA_CERTIFICATE.to_owned(), value);
    injected.push(grant);
    variables
}

/// A secret of the user's, and the user's key that encrypts it.
fn of_user(stack: &Stack<'_>, id: &'static str, arn: &SecretArn) -> SecretGrant {
    SecretGrant { id, arn: Ref::value(arn.as_str()), key: stack.facts.existing.key_of_secret(arn.as_str()) }
}

fn internal(stack: &mut Stack<'_>, injected: &mut Vec<SecretGrant>) {
    if !stack.facts.release.internal_certificate() {
        return;
    }
    let name = stack.names().secret(internal_certificate::PURPOSE);
    let secret = InternalCertificate { name, generation: stack.facts.generations.internal };
    let arn = stack.add(internal_certificate::address().name(), &secret).arn().any();
    injected.push(SecretGrant { id: "ReadInternalCertificate", arn, key: None });
}

/// The certificate of the UI's own web server.
fn of_ui(stack: &mut Stack<'_>, groups: &Groups, injected: &mut Vec<SecretGrant>) -> Option<Handle<UiSecret>> {
    let wanted = stack.plan.ui_certificate.clone()?;
    let name = stack.names().secret(ui_certificate::PURPOSE);
    let secret = match wanted {
        UiCertificate::Files(pair) => UiSecret {
            name,
            fingerprint: pair.fingerprint,
            pem: Some(pair.text),
            valid_until: Some(pair.valid_until),
            ..UiSecret::default()
        },
        UiCertificate::SelfSigned => {
            UiSecret { name, generation: stack.facts.generations.of_ui, names: names(stack), ..UiSecret::default() }
        }
    };
    let secret = stack.add(ui_certificate::address().name(), &secret);
    // The group carries the note about it.
    stack.graph.order(&secret, &groups.task, Need::Exists);
    injected.push(SecretGrant { id: "ReadUiCertificate", arn: secret.arn().any(), key: None });
    Some(secret)
}

/// The names in a self-signed certificate: that of the plan file, else the deployment's, and where a tunnel ends.
fn names(stack: &Stack<'_>) -> String {
    let name = stack.plan.dns.name.as_ref().map_or_else(|| stack.names().stack(), |name| name.as_str().to_owned());
    format!("{name},localhost")
}
