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

/// The zones that have Fargate, in the regions where not all do (Amazon ECS developer guide, "Supported Regions for
/// Amazon ECS on AWS Fargate").
const HAVE_FARGATE: [(&str, &[&str]); 3] =
    [("usw1", &["az1", "az3"]), ("apne1", &["az1", "az2", "az4"]), ("cnn1", &["az1", "az2"])];

/// Zones that AWS leaves out for some services. The oldest zone of us-east-1 has no One Zone file systems (Amazon EFS
/// user guide, "Supported Availability Zones for One Zone file systems") and no Fargate for ARM64; Fargate's table once
/// named only az1 and az2 of ca-central-1.
const DOUBTFUL: [(&str, &str); 2] =
    [("use1-az3", "the newer instance types, or One Zone file systems"), ("cac1-az3", FARGATE)];

/// What is known of the zone with this id: `use1-az4`. An empty id is an unknown zone.
pub fn zone(id: &str) -> Zone {
    if id.is_empty() {
        return Zone::Good;
    }
    let Some((region, zone)) = id.split_once('-') else { return Zone::Other };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !zone.strip_prefix("az").is_some_and(is_number) {
        return Zone::Other;
    }
    if HAVE_FARGATE.iter().any(|(of, have)| *of == region && !have.contains(&zone)) {
        return Zone::Lacks(FARGATE);
    }
    DOUBTFUL.iter().find(|(of, _)| *of == id).map_or(Zone::Good, |(_, what)| Zone::Doubtful(what))
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
