//! Traffic that users admit in addition to what Cloud Exchange needs.

use std::fmt;

use serde::Serialize;
use serde_json::json;

use crate::release::choice;

use super::{
    aws_name::is_match,
    cidr::Cidr,
    keys::Holds,
    ports::PortRange,
    problem::Problem,
    section::{Entry, Field, Keys, Section, table},
    text::{Invalid, quoted},
    value::{Found, Read, string},
};

/// What a rule admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "Written")]
pub enum Traffic {
    Tcp(PortRange),
    Udp(PortRange),
    /// All types and codes.
    Icmp,
    /// Every protocol and port.
    All,
}

impl Traffic {
    const fn protocol(self) -> Protocol {
        match self {
            Self::Tcp(_) => Protocol::Tcp,
            Self::Udp(_) => Protocol::Udp,
            Self::Icmp => Protocol::Icmp,
            Self::All => Protocol::All,
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
            Self::Tcp(ports) | Self::Udp(ports) => write!(f, "{} {ports}", self.protocol()),
            Self::Icmp => f.write_str("icmp"),
            Self::All => f.write_str("all traffic"),
        }
    }
}

choice! {
    pub enum Protocol("protocol", "plan-file/unknown-protocol") {
        Tcp = "tcp",
        Udp = "udp",
        Icmp = "icmp",
        All = "all",
    }
}

choice! {
    /// The security group that a rule belongs to.
    pub enum GroupTarget("security group", "plan-file/unknown-target") {
        LoadBalancer = "load-balancer",
        Task = "task",
    }
}

table! {
    /// Traffic as the plan file writes it.
    #[schemars(extend(
        "if" = json!({ "properties": { "protocol": { "enum": ["tcp", "udp"] } } }),
        "then" = json!({ "required": ["ports"] }),
        "else" = json!({ "properties": { "ports": false } }),
    ))]
    struct Written / TrafficKeys {
        pub protocol: Protocol,
        /// For tcp and udp, and only for them: one port such as 443, or a range such as "8000-8999".
        pub ports: Option<PortRange>,
    }
}

impl From<Traffic> for Written {
    fn from(traffic: Traffic) -> Self {
        Self { protocol: traffic.protocol(), ports: traffic.ports() }
    }
}

impl Field for Traffic {
    const HOLDS: Holds = Holds::Beside(TrafficKeys::KEYS);
    type Said<'a> = TrafficKeys<'a>;

    fn said<'a>(section: &Section<'a>, _: &'static str) -> TrafficKeys<'a> {
        TrafficKeys::of(section.clone())
    }

    fn value(keys: &TrafficKeys<'_>) -> Option<Self> {
        let protocol = keys.protocol.required()?;
        match (protocol, keys.ports.value) {
            (Protocol::Tcp, Some(ports)) => Some(Self::Tcp(ports)),
            (Protocol::Udp, Some(ports)) => Some(Self::Udp(ports)),
            (Protocol::Tcp | Protocol::Udp, None) => {
                if keys.ports.is_missing() {
                    keys.protocol.refuse(Invalid::new(
                        "plan-file/missing-key",
                        "a rule for tcp or udp needs `ports`",
                        "add `ports = 443`, or `ports = \"0-65535\"` for all",
                    ));
                }
                None
            }
            (Protocol::Icmp | Protocol::All, Some(_)) => {
                keys.ports.refuse(Invalid::new(
                    "plan-file/no-effect",
                    "a rule for icmp or all traffic has no ports",
                    "remove `ports`, or write `protocol = \"tcp\"` or `\"udp\"`",
                ));
                None
            }
            (Protocol::Icmp, None) => Some(Self::Icmp),
            (Protocol::All, None) => Some(Self::All),
        }
    }
}

table! {
    /// An entry of the network ACL, after ce-aws's own.
    #[derive(Copy, PartialOrd, Ord)]
    pub struct NetworkIngress / NetworkIngressKeys {
        #[serde(flatten)]
        #[schemars(with = "Written")]
        pub traffic: Traffic,
        pub from: Cidr,
    }
}

table! {
    /// A rule of one of ce-aws's security groups.
    pub struct GroupIngress / GroupIngressKeys {
        pub to: GroupTarget,
        #[serde(flatten)]
        #[schemars(with = "Written")]
        pub traffic: Traffic,
        pub from: Cidr,
        pub description: Option<RuleDescription>,
    }
}

impl NetworkIngress {
    /// Ports that the network ACL closes to everyone before this entry is reached.
    pub const CLOSED_PORTS: [u16; 2] = [22, 3389];

    /// Whether the closed ports are all that the entry admits.
    pub(super) fn is_futile(self) -> bool {
        let closed = Self::CLOSED_PORTS.map(PortRange::one);
        matches!(self.traffic, Traffic::Tcp(ports) if closed.contains(&ports))
    }
}

impl Read for NetworkIngress {
    const TYPE: &'static str = "a table";
    const HOLDS: Holds = Holds::Table(NetworkIngressKeys::KEYS);

    fn expected() -> String {
        "a table".to_owned()
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        let keys = NetworkIngressKeys::of(Section::element(found, NetworkIngressKeys::KEYS)?);
        let (traffic, from) = (Traffic::value(&keys.traffic), keys.from.required());
        Some(Self { traffic: traffic?, from: from? })
    }
}

impl Read for GroupIngress {
    const TYPE: &'static str = "a table";
    const HOLDS: Holds = Holds::Table(GroupIngressKeys::KEYS);

    fn expected() -> String {
        "a table".to_owned()
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        let keys = GroupIngressKeys::of(Section::element(found, GroupIngressKeys::KEYS)?);
        let (to, traffic, from) = (keys.to.required(), Traffic::value(&keys.traffic), keys.from.required());
        Some(Self { to: to?, traffic: traffic?, from: from?, description: keys.description.value })
    }
}

string! {
    /// Description of a security-group rule.
    ///
    /// Source of the character set and length: Amazon EC2 API reference, `IpRange`.
    RuleDescription,
    expected: "text between double quotes",
    pattern: r"^[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{0,255}$",
    check: check_description
}

fn check_description(text: &str) -> Result<(), Invalid> {
    if is_match(RuleDescription::PATTERN, text) {
        return Ok(());
    }
    Err(Invalid::new(
        "plan-file/bad-description",
        format!("AWS does not accept the description {}", quoted(text)),
        "use at most 255 ASCII letters, digits, spaces and . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *",
    ))
}

/// Reports elements that are equal in what `key` gives: AWS refuses the second of them.
pub(super) fn refuse_twins<L: AsRef<[T]>, T, K: PartialEq>(list: &Entry<'_, L>, key: impl Fn(&T) -> K, what: &str) {
    let elements = list.elements();
    for (index, element) in elements.iter().enumerate() {
        if let Some(twin) = elements[..index].iter().find(|earlier| key(earlier.value) == key(element.value)) {
            let invalid =
                Invalid::new("plan-file/duplicate", format!("{what} is in the list twice"), "remove one of the two");
            list.push(Problem::error(invalid, element.span.clone()).related(twin.span.clone(), "the first"));
        }
    }
}
