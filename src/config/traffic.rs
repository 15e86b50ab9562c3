//! Traffic that users admit in addition to what Cloud Exchange needs.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    cidr::Cidr,
    found::{Found, Located, Read},
    ports::PortRange,
    reader::Section,
    text::{Invalid, nearest, quoted, text_value},
};

/// What a rule admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Traffic {
    Tcp(PortRange),
    Udp(PortRange),
    /// All types and codes.
    Icmp,
    /// Every protocol and port.
    All,
}

impl Traffic {
    /// As the EC2 API spells security-group protocols: `tcp`, `udp`, `icmp`, or `-1` for all.
    pub const fn protocol(self) -> &'static str {
        match self {
            Self::Tcp(_) => "tcp",
            Self::Udp(_) => "udp",
            Self::Icmp => "icmp",
            Self::All => "-1",
        }
    }

    pub const fn ports(self) -> Option<PortRange> {
        match self {
            Self::Tcp(ports) | Self::Udp(ports) => Some(ports),
            Self::Icmp | Self::All => None,
        }
    }
}

/// As in `tcp 443`.
impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(ports) => write!(f, "tcp {ports}"),
            Self::Udp(ports) => write!(f, "udp {ports}"),
            Self::Icmp => f.write_str("icmp"),
            Self::All => f.write_str("all traffic"),
        }
    }
}

/// A protocol as the plan file spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Tcp,
    Udp,
    Icmp,
    All,
}

impl Read for Protocol {
    const EXPECTED: &'static str = "\"tcp\", \"udp\", \"icmp\" or \"all\"";

    fn read(value: Found<'_>) -> Option<Self> {
        value.parse(|text| match text {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            "icmp" => Ok(Self::Icmp),
            "all" => Ok(Self::All),
            _ => {
                let hint = match nearest(text, ["tcp", "udp", "icmp", "all"]) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("write {}", Self::EXPECTED),
                };
                Err(Invalid::new("plan-file/unknown-protocol", format!("unknown protocol {}", quoted(text)), hint))
            }
        })
    }
}

/// An entry of the network ACL, after ce-aws's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkIngress {
    pub traffic: Traffic,
    pub from: Cidr,
}

impl NetworkIngress {
    /// Ports that the network ACL closes to everyone before this entry is reached.
    pub const CLOSED_PORTS: [u16; 2] = [22, 3389];

    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let traffic = read_traffic(section);
        let from = section.required("from").map(|from: Located<Cidr>| from.value);
        Some(Self { traffic: traffic?, from: from? })
    }

    /// Whether the closed ports are all that the entry admits.
    pub(super) fn is_futile(self) -> bool {
        let closed = Self::CLOSED_PORTS.map(PortRange::one);
        matches!(self.traffic, Traffic::Tcp(ports) if closed.contains(&ports))
    }
}

/// A rule of one of ce-aws's security groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupIngress {
    pub to: GroupTarget,
    pub traffic: Traffic,
    pub from: Cidr,
    pub description: Option<RuleDescription>,
}

impl GroupIngress {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let to = section.required("to").map(|to: Located<GroupTarget>| to.value);
        let traffic = read_traffic(section);
        let from = section.required("from").map(|from: Located<Cidr>| from.value);
        let description = section.optional("description").map(|text: Located<_>| text.value);
        Some(Self { to: to?, traffic: traffic?, from: from?, description })
    }
}

/// `protocol` and `ports`, which only make sense together.
fn read_traffic(section: &Section<'_>) -> Option<Traffic> {
    let protocol = section.required::<Protocol>("protocol");
    let ports = section.optional::<PortRange>("ports");
    let Located { value: protocol, span } = protocol?;
    match (protocol, ports) {
        (Protocol::Tcp, Some(ports)) => Some(Traffic::Tcp(ports.value)),
        (Protocol::Udp, Some(ports)) => Some(Traffic::Udp(ports.value)),
        (Protocol::Icmp, None) => Some(Traffic::Icmp),
        (Protocol::All, None) => Some(Traffic::All),
        (Protocol::Tcp | Protocol::Udp, None) => {
            // A wrong value has been told already.
            if !section.has("ports") {
                section.refuse(
                    Invalid::new(
                        "plan-file/missing-key",
                        "a rule for tcp or udp needs `ports`",
                        "add `ports = 443`, or `ports = \"0-65535\"` for all",
                    ),
                    span,
                );
            }
            None
        }
        (Protocol::Icmp | Protocol::All, Some(ports)) => {
            section.refuse(
                Invalid::new(
                    "plan-file/no-effect",
                    "a rule for icmp or all traffic has no ports",
                    "remove `ports`, or write `protocol = \"tcp\"` or `\"udp\"`",
                ),
                ports.span,
            );
            None
        }
    }
}

/// The security group that a rule belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupTarget {
    LoadBalancer,
    Task,
}

impl GroupTarget {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoadBalancer => "load-balancer",
            Self::Task => "task",
        }
    }
}

impl FromStr for GroupTarget {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "load-balancer" => Ok(Self::LoadBalancer),
            "task" => Ok(Self::Task),
            _ => Err(Invalid::new(
                "plan-file/unknown-target",
                format!("there is no security group {}", quoted(text)),
                "write \"load-balancer\" or \"task\"",
            )),
        }
    }
}

text_value!(GroupTarget, expected: "\"load-balancer\" or \"task\"", schema: {
    "enum": ["load-balancer", "task"],
});

/// Words beside a security-group rule.
///
/// Source of the character set and length: Amazon EC2 API reference, `IpRange`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDescription(String);

impl RuleDescription {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RuleDescription {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
        if text.len() <= 255 && text.chars().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(
            "plan-file/bad-description",
            format!("AWS does not accept the description {}", quoted(text)),
            "use at most 255 ASCII letters, digits, spaces and . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *",
        ))
    }
}

text_value!(RuleDescription, expected: "a text between double quotes", schema: {
    "pattern": r"^[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{0,255}$",
});

/// What tells two rules of a list apart, so that AWS would not refuse the second.
pub(super) fn refuse_twins<T, K: PartialEq>(
    section: &Section<'_>,
    rules: &[Located<T>],
    key: impl Fn(&T) -> K,
    what: &str,
) {
    for (index, rule) in rules.iter().enumerate() {
        if let Some(twin) = rules[..index].iter().find(|earlier| key(&earlier.value) == key(&rule.value)) {
            let invalid =
                Invalid::new("plan-file/duplicate", format!("{what} is in the list twice"), "remove one of the two");
            section.push(
                super::problem::Problem::error(invalid, rule.span.clone()).related(twin.span.clone(), "the first"),
            );
        }
    }
}

/// A rule as the plan file writes it.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<GroupTarget>,
    protocol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ports: Option<String>,
    from: Cidr,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a RuleDescription>,
}

impl<'a> Written<'a> {
    fn new(traffic: Traffic, from: Cidr) -> Self {
        let protocol = if traffic == Traffic::All { "all" } else { traffic.protocol() };
        let ports = traffic.ports().map(|ports| ports.to_string());
        Self { to: None, protocol, ports, from, description: None }
    }
}

impl Serialize for NetworkIngress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written::new(self.traffic, self.from).serialize(serializer)
    }
}

impl Serialize for GroupIngress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written::new(self.traffic, self.from);
        Written { to: Some(self.to), description: self.description.as_ref(), ..written }.serialize(serializer)
    }
}

fn traffic_properties(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "protocol": { "enum": ["tcp", "udp", "icmp", "all"] },
            "ports": {
                "description": "For tcp and udp, and only for them: one port such as 443, or a range such as \"8000-8999\".",
                "anyOf": [
                    { "type": "integer", "minimum": 0, "maximum": 65535 },
                    { "type": "string", "pattern": "^ *[0-9]{1,5} *(- *[0-9]{1,5} *)?$" },
                ],
            },
            "from": generator.subschema_for::<Cidr>(),
        },
        "required": ["protocol", "from"],
        "additionalProperties": false,
        "if": { "properties": { "protocol": { "enum": ["tcp", "udp"] } } },
        "then": { "required": ["ports"] },
        "else": { "properties": { "ports": false } },
    })
}

impl JsonSchema for NetworkIngress {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NetworkIngress".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        traffic_properties(generator)
    }
}

impl JsonSchema for GroupIngress {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GroupIngress".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = traffic_properties(generator);
        let to = generator.subschema_for::<GroupTarget>();
        let description = generator.subschema_for::<RuleDescription>();
        if let Some(properties) = schema.get_mut("properties").and_then(|value| value.as_object_mut()) {
            properties.insert("to".to_owned(), to.to_value());
            properties.insert("description".to_owned(), description.to_value());
        }
        if let Some(required) = schema.get_mut("required").and_then(|value| value.as_array_mut()) {
            required.push("to".into());
        }
        schema
    }
}
