//! What a task needs where a proxy stands between it and the internet: the proxy's address, and whom to trust. And
//! what its containers need to trust each other.

use crate::config::{CaCertificate, NoProxyHost};
use crate::engine::reference::Ref;
use crate::kinds::secret::ca_certificate::{self, CaCertificate as CaSecret};
use crate::kinds::secret::internal_certificate::{self, InternalCertificate};
use crate::kinds::task_definition::container::{self, FromSecret};
use crate::release::{self, CA_CERTIFICATE, HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SecretHome, no_proxy};

use super::stack::Stack;

/// What containers get in addition to the environment of their release.
pub struct Outside {
    /// Secrets that ECS injects, besides the deployment's own.
    pub injected: Vec<Injected>,
    proxy: Option<Proxy>,
    ca: Option<Ca>,
}

/// A secret that ECS injects.
#[derive(Clone, Debug)]
pub struct Injected {
    /// What the statement that allows it is called.
    pub grant: &'static str,
    pub arn: Ref,
    /// The ARN in the plan file, if the secret is the user's.
    pub existing: Option<String>,
}

/// The variables of one proxy: the vendor's template has the first two, and the third in no container.
struct Proxy {
    variables: Vec<(&'static str, Variable)>,
    /// Addresses that are reached without it.
    except: String,
}

enum Variable {
    Plain(String),
    Secret(FromSecret),
}

struct Ca {
    secret: FromSecret,
    /// Makes another task of other certificates; unknown for a secret of the user's.
    fingerprint: Option<String>,
}

impl Outside {
    /// Adds the secret of a certificate file, and that of the internal certificate.
    pub fn add(stack: &mut Stack<'_>) -> Self {
        let mut injected = Vec::new();
        let proxy = proxy(stack, &mut injected);
        let ca = ca(stack, &mut injected);
        internal(stack, &mut injected);
        Self { injected, proxy, ca }
    }

    /// Gives a container what its release says it takes.
    pub fn equip(&self, stack: &Stack<'_>, wanted: &release::Container, made: &mut container::Container) {
        if let Some(proxy) = self.proxy.as_ref().filter(|_| wanted.proxy) {
            made.environment.insert(NO_PROXY.to_owned(), proxy.except.clone());
            for (name, variable) in &proxy.variables {
                match variable {
                    Variable::Plain(url) => drop(made.environment.insert((*name).to_owned(), url.clone())),
                    Variable::Secret(secret) => drop(made.secrets.insert((*name).to_owned(), secret.clone())),
                }
            }
        }
        if let Some(ca) = self.ca.as_ref().filter(|_| wanted.ca_certificate) {
            made.secrets.insert(CA_CERTIFICATE.to_owned(), ca.secret.clone());
            let fingerprint = ca.fingerprint.clone();
            made.environment.extend(fingerprint.map(|text| ("CA_CERTIFICATE_SHA256".to_owned(), text)));
        }
        if wanted.secrets.values().any(|key| key.home() == SecretHome::InternalCertificate) {
            let generation = stack.facts.certificate_generation.to_string();
            made.environment.insert(internal_certificate::VARIABLE.to_owned(), generation);
        }
    }
}

fn proxy(stack: &Stack<'_>, injected: &mut Vec<Injected>) -> Option<Proxy> {
    let wanted = &stack.plan.proxy;
    let variables: Vec<_> = if let Some(arn) = &wanted.secret {
        let secret: Ref = Ref::value(arn.as_str());
        let existing = Some(arn.as_str().to_owned());
        injected.push(Injected { grant: "ReadProxySecret", arn: secret.clone(), existing });
        let key = |key: &str| Variable::Secret(FromSecret { secret: secret.clone(), key: key.to_owned() });
        vec![(HTTP_PROXY, key("http_proxy")), (HTTPS_PROXY, key("https_proxy"))]
    } else {
        let urls = [(HTTP_PROXY, &wanted.http), (HTTPS_PROXY, &wanted.https)];
        let given = urls.into_iter().filter_map(|(name, url)| Some((name, url.as_ref()?.as_str().to_owned())));
        given.map(|(name, url)| (name, Variable::Plain(url))).collect()
    };
    let names = stack.names();
    let except = no_proxy(&names.region, names.dns_suffix(), wanted.no_proxy.iter().map(NoProxyHost::as_str));
    (!variables.is_empty()).then_some(Proxy { variables, except })
}

fn ca(stack: &mut Stack<'_>, injected: &mut Vec<Injected>) -> Option<Ca> {
    let (arn, existing, fingerprint) = match stack.plan.ca.clone()? {
        CaCertificate::Secret(arn) => (Ref::value(arn.as_str()), Some(arn.as_str().to_owned()), None),
        CaCertificate::File(pem) => {
            let name = stack.names().secret(ca_certificate::PURPOSE);
            let secret = CaSecret { name, fingerprint: pem.fingerprint.clone(), pem: Some(pem.text.clone()) };
            (stack.add("main", &secret).arn().any(), None, Some(pem.fingerprint))
        }
    };
    injected.push(Injected { grant: "ReadCaCertificate", arn: arn.clone(), existing });
    Some(Ca { secret: FromSecret { secret: arn, key: String::new() }, fingerprint })
}

fn internal(stack: &mut Stack<'_>, injected: &mut Vec<Injected>) {
    if !stack.facts.release.internal_certificate() {
        return;
    }
    let name = stack.names().secret(internal_certificate::PURPOSE);
    let secret = InternalCertificate { name, generation: stack.facts.certificate_generation };
    let arn = stack.add(internal_certificate::address().name(), &secret).arn().any();
    injected.push(Injected { grant: "ReadInternalCertificate", arn, existing: None });
}
