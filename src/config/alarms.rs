//! The `[alarms]` table: who is told when something is wrong.

use super::{
    aws_name::{KmsKey, TopicArn, is_match},
    section::{Keys as _, table},
    text::{Invalid, quoted},
    traffic::refuse_twins,
    value::string,
};

table! {
    /// Alarms, and notices of stopped tasks, tasks that AWS will replace, failed deployments and failed backups.
    pub struct Alarms / AlarmsKeys {
        /// Whether there are any.
        pub enabled: bool = false,
        /// E-mail addresses that are told. AWS sends each a message with a link that has to be opened first.
        pub email: Vec<EmailAddress> = Vec::new(),
        /// HTTPS endpoints that are told. Each has to confirm its subscription first.
        pub https: Vec<HttpsEndpoint> = Vec::new(),
        /// SNS topic of your own, in the plan's region, that is told instead. Its policy must let
        /// cloudwatch.amazonaws.com and events.amazonaws.com publish.
        pub topic: Option<TopicArn> = None,
        /// KMS key that encrypts the messages: its ARN or ID, or an alias. Its policy must let
        /// cloudwatch.amazonaws.com and events.amazonaws.com use it. Left out, the messages are not encrypted at rest.
        pub kms_key: Option<KmsKey> = None,
        /// A CloudWatch dashboard with the same measures.
        pub dashboard: bool = true,
    }
}

impl Alarms {
    pub(super) fn read(keys: &AlarmsKeys<'_>) -> Self {
        let plan = keys.values();
        refuse_twins(&keys.email, |address| address.as_str().to_lowercase(), "this address");
        refuse_twins(&keys.https, |endpoint| endpoint.as_str().to_owned(), "this endpoint");
        if !plan.enabled {
            let why = "`enabled` is not true, so there are no alarms";
            // The dashboard is on by default: to say so is no contradiction.
            let kept: &[&str] =
                if plan.dashboard { &[keys.enabled.key, keys.dashboard.key] } else { &[keys.enabled.key] };
            keys.section().refuse_all_but(kept, why);
        } else if plan.topic.is_some() {
            let why = "the topic is yours, and so are its subscriptions and its key";
            for key in [keys.email.key, keys.https.key, keys.kms_key.key] {
                keys.section().refuse_futile(key, why);
            }
        }
        plan
    }
}

string! {
    /// An e-mail address that a notice can be sent to.
    EmailAddress,
    expected: "an e-mail address such as \"ops@example.com\"",
    pattern: "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+$",
    check: |text: &str| {
        if is_match(Self::PATTERN, text) {
            return Ok(());
        }
        let message = format!("{} is not an e-mail address", quoted(text));
        Err(Invalid::new("plan-file/bad-email", message, "it looks like \"ops@example.com\""))
    }
}

string! {
    /// An endpoint that SNS sends notices to.
    HttpsEndpoint,
    expected: "an HTTPS address such as \"https://example.com/notices\"",
    pattern: "^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\\s#]*)?$",
    check: |text: &str| {
        if is_match(Self::PATTERN, text) {
            return Ok(());
        }
        let message = format!("{} is not an HTTPS address without user and password", quoted(text));
        let hint = "it looks like \"https://example.com/notices\"; everybody who may list subscriptions sees it";
        Err(Invalid::new("plan-file/bad-endpoint", message, hint))
    }
}
