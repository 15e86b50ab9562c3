//! Names of the UI in Route 53.

mod calls;
mod record;
mod zone;

pub use calls::{create_cname, hosted_zones, normal, normal_target, records, zone_id};
pub use record::DnsRecord;
pub use zone::DnsZone;
