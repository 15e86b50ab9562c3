//! One entry of an access log. Pure.
//!
//! Source: user guide for Application Load Balancers, "Access log entries": fields separated by spaces, those with
//! spaces of their own in double quotes, `-` for what there is not, and new fields at the end.

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// One request, as scripts read it. What the load balancer does not know is `null`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// When the load balancer answered, in RFC 3339.
    pub time: String,
    /// The same, in milliseconds since 1970.
    #[serde(skip)]
    pub milliseconds: i64,
    /// Address and port.
    pub client: String,
    /// Address and port of the task; `null` where the request did not come so far.
    pub target: Option<String>,
    /// Method, URL and version of HTTP.
    pub request: String,
    /// What the client got.
    pub status: Option<u16>,
    /// What the task answered.
    pub target_status: Option<u16>,
    /// From the request's arrival to the end of the answer; `null` where one of the parts was not measured.
    pub seconds: Option<f64>,
    pub received_bytes: Option<u64>,
    pub sent_bytes: Option<u64>,
    pub user_agent: Option<String>,
    /// Why the load balancer answered by itself.
    pub error_reason: Option<String>,
    /// The whole entry, as delivered.
    pub entry: String,
}

impl Entry {
    /// `None` for a line in another form.
    pub fn parse(line: &str) -> Option<Self> {
        let fields = fields(line);
        let field = |index: usize| fields.get(index).copied().filter(|field| !["", "-"].contains(field));
        let number = |index: usize| field(index).and_then(|field| field.parse().ok());
        let at = OffsetDateTime::parse(field(1)?, &Rfc3339).ok()?;
        let parts = [5, 6, 7].map(|index| field(index)?.parse::<f64>().ok().filter(|part| *part >= 0.0));
        let status = |index: usize| number(index).and_then(|status| u16::try_from(status).ok());
        Some(Self {
            time: field(1)?.to_owned(),
            milliseconds: i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()?,
            client: field(3)?.to_owned(),
            target: field(4).map(str::to_owned),
            request: field(12)?.to_owned(),
            status: status(8),
            target_status: status(9),
            seconds: parts.into_iter().sum(),
            received_bytes: number(10),
            sent_bytes: number(11),
            user_agent: field(13).map(str::to_owned),
            error_reason: field(24).map(str::to_owned),
            entry: line.to_owned(),
        })
    }
}

/// The fields of a line, without their quotation marks. Inside a quoted field the load balancer spells out quotation
/// marks (`\x22`), so that the next one ends it.
fn fields(line: &str) -> Vec<&str> {
    let (mut fields, mut rest) = (Vec::new(), line);
    while !rest.is_empty() {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (field, after) = quoted.split_once('"').unwrap_or((quoted, ""));
                (field, after.strip_prefix(' ').unwrap_or(after))
            }
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        fields.push(field);
        rest = after;
    }
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of the user guide, "Example HTTPS entry", shortened in its ARNs.
    const HTTPS: &str = "https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 \
        10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 \"GET https://www.example.com:443/ HTTP/1.1\" \"curl/7.46.0\" \
        ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:tg \"Root=1-58337281-1d84f3d73c47ec4e58577259\" \"www.example.com\" \
        \"arn:cert\" 1 2018-07-02T22:22:48.364000Z \"authenticate,forward\" \"-\" \"-\" \"10.0.0.1:80\" \"200\" \"-\" \
        \"-\" TID_1234abcd5678ef90";
    /// A request that no target answered, with an agent of several words.
    const REFUSED: &str = "http 2018-11-30T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 \
        - 0.000 -1 -1 502 - 34 366 \"GET http://www.example.com:80/a?b=\\x22c HTTP/1.1\" \"Mozilla/5.0 (X11) x\" - - \
        arn:tg \"Root=1\" \"-\" \"-\" 0 2018-11-30T22:22:48.364000Z \"forward\" \"-\" \"TargetConnectionError\" \"-\" \
        \"-\" \"-\" \"-\"";

    #[test]
    fn the_examples_of_the_user_guide_are_read() {
        let entry = Entry::parse(HTTPS).unwrap();
        assert_eq!((entry.milliseconds, entry.status, entry.target_status), (1_530_570_180_186, Some(200), Some(200)));
        assert_eq!((entry.client.as_str(), entry.target.as_deref()), ("192.168.131.39:2817", Some("10.0.0.1:80")));
        assert_eq!(entry.request, "GET https://www.example.com:443/ HTTP/1.1");
        assert!((entry.seconds.unwrap() - 0.171).abs() < 1e-9);
        assert_eq!((entry.received_bytes, entry.sent_bytes, entry.error_reason), (Some(0), Some(57), None));
        let entry = Entry::parse(REFUSED).unwrap();
        assert_eq!((entry.status, entry.target_status, entry.target, entry.seconds), (Some(502), None, None, None));
        assert_eq!(entry.user_agent.as_deref(), Some("Mozilla/5.0 (X11) x"));
        assert_eq!(entry.error_reason.as_deref(), Some("TargetConnectionError"));
        assert_eq!(Entry::parse("Enable AccessLog for ELB: ce-prod"), None);
    }

    proptest! {
        #[test]
        fn no_line_breaks_it(line in "\\PC{0,200}") {
            let _ = Entry::parse(&line);
        }
    }
}
