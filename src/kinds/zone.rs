//! Which availability zones have what a deployment needs, by their ids, which are the same in every account.

/// Whether a zone can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    Good,
    /// AWS documents that something is missing there.
    Lacks(&'static str),
    /// Requests have failed there; AWS does not document it.
    Doubtful(&'static str),
    /// A Local Zone, a Wavelength Zone, or something else that is no availability zone.
    Other,
}

const FARGATE: &str = "AWS Fargate";

/// Zones where something is missing. Source: Amazon ECS developer guide, "Supported Regions for Amazon ECS on AWS
/// Fargate", which names for three regions the only zones that have it.
const LACKS: [(&str, &[&str], &str); 3] = [
    ("usw1", &["az1", "az3"], FARGATE),
    ("apne1", &["az1", "az2", "az4"], FARGATE),
    ("cnn1", &["az1", "az2"], FARGATE),
];

/// Zones that AWS leaves out for some services. The oldest zone of us-east-1 has no One Zone file systems (Amazon EFS
/// user guide, "Supported Availability Zones for One Zone file systems") and no Fargate for ARM64; Fargate's table once
/// named only az1 and az2 of ca-central-1.
const DOUBTFUL: [(&str, &str); 2] =
    [("use1-az3", "the newer instance types, or One Zone file systems"), ("cac1-az3", "AWS Fargate")];

/// What is known of the zone with this id: `use1-az4`. An empty id is an unknown zone.
pub fn zone(id: &str) -> Zone {
    if id.is_empty() {
        return Zone::Good;
    }
    let parts: Vec<&str> = id.split('-').collect();
    let [region, zone] = parts.as_slice() else { return Zone::Other };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !zone.strip_prefix("az").is_some_and(is_number) {
        return Zone::Other;
    }
    let lacks = LACKS.iter().find(|(of, has, _)| of == region && !has.contains(zone));
    let doubtful = DOUBTFUL.iter().find(|(of, _)| *of == id);
    match (lacks, doubtful) {
        (Some((.., what)), _) => Zone::Lacks(what),
        (None, Some((_, what))) => Zone::Doubtful(what),
        (None, None) => Zone::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_judged_by_its_id() {
        for good in ["", "use1-az1", "usw1-az1", "usw1-az3", "apne1-az4", "euc1-az2", "usgw1-az1"] {
            assert_eq!(zone(good), Zone::Good, "{good}");
        }
        for lacks in ["usw1-az2", "apne1-az3", "cnn1-az3"] {
            assert_eq!(zone(lacks), Zone::Lacks("AWS Fargate"), "{lacks}");
        }
        assert!(matches!(zone("use1-az3"), Zone::Doubtful(_)));
        for other in ["usw2-lax1-az1", "use1-wl1-bos-wlz1", "use1-az", "usw2-den1"] {
            assert_eq!(zone(other), Zone::Other, "{other}");
        }
    }
}
