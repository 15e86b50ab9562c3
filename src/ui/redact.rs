//! Reports for others: whatever identifies an account becomes a placeholder, the same for the same thing.
//!
//! Known words (of the plan file, of the command line) are replaced wherever they stand. Everything else is judged by
//! its form: what could be an identifier stays only if it is in the vocabulary of this program.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

/// Fields that hold words of AWS or of this program, never names.
const PLAIN: [&str; 11] = [
    "action",
    "cause",
    "code",
    "operation",
    "outcome",
    "purpose",
    "request_id",
    "result",
    "service",
    "severity",
    "stage",
];

/// Replaces, and remembers its placeholders.
#[derive(Debug, Default)]
pub struct Redactor {
    vocabulary: BTreeSet<String>,
    known: BTreeMap<String, String>,
    placeholders: BTreeMap<(String, String), String>,
    counts: BTreeMap<String, usize>,
}

impl Redactor {
    /// Words of this program: kinds, addresses, codes, settings.
    pub fn vocabulary<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        self.vocabulary.extend(words.into_iter().map(str::to_lowercase));
    }

    /// A word that identifies somebody, whatever it looks like.
    pub fn know(&mut self, word: &str) {
        let word = word.trim();
        if word.is_empty() {
            return;
        }
        let sort = sort(word).unwrap_or_else(|| "name".to_owned());
        let placeholder = self.placeholder(&sort, word);
        self.known.insert(word.to_lowercase(), placeholder);
    }

    /// A whole document, its keys included.
    pub fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => {
                let fields = map.iter().map(|(key, inner)| {
                    let plain = PLAIN.contains(&key.as_str()) && inner.is_string();
                    let inner = if plain { inner.clone() } else { self.value(inner) };
                    let own = key.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !self.known.contains_key(key);
                    (if own { key.clone() } else { self.text(key) }, inner)
                });
                Value::Object(fields.collect())
            }
            other => other.clone(),
        }
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> String {
        let text = self.phrases(text);
        let (mut redacted, mut token, mut quoted) = (String::new(), String::new(), false);
        let mut rest = text.as_str();
        while let Some(character) = rest.chars().next() {
            if is_inside(character) {
                token.push(character);
                rest = &rest[character.len_utf8()..];
                continue;
            }
            let closes = quoted && matches!(character, '"' | '\'' | '`');
            redacted.push_str(&self.token(&token, closes));
            token.clear();
            // A text may look like a placeholder: only issued ones stay.
            let length = placeholder_at(rest).filter(|length| self.has_issued(&rest[..*length]));
            let length = length.unwrap_or(character.len_utf8());
            redacted.push_str(&rest[..length]);
            rest = &rest[length..];
            quoted = matches!(character, '"' | '\'' | '`');
        }
        redacted.push_str(&self.token(&token, false));
        redacted
    }

    /// Known words with spaces, which no token has.
    fn phrases(&self, text: &str) -> String {
        let mut words: Vec<_> = self.known.iter().filter(|(word, _)| !word.chars().all(is_inside)).collect();
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        words.into_iter().fold(text.to_owned(), |text, (word, placeholder)| replaced(&text, word, placeholder))
    }

    fn token(&mut self, token: &str, is_quoted: bool) -> String {
        let core = token.trim_end_matches(['.', ':', '=']);
        let tail = &token[core.len()..];
        if core.is_empty() {
            return token.to_owned();
        }
        if let Some(placeholder) = self.known.get(&core.to_lowercase()) {
            return format!("{placeholder}{tail}");
        }
        if let Some((scheme, _)) = core.split_once("://") {
            return format!("{scheme}://{}{tail}", self.placeholder("host", core));
        }
        if core.starts_with("arn:") {
            return format!("{}{tail}", self.arn(core));
        }
        if let Some(sort) = sort(core) {
            return format!("{}{tail}", self.placeholder(&sort, core));
        }
        let mut redacted = String::new();
        for piece in core.split_inclusive(['/', ':', '=', '@']) {
            let word = piece.trim_end_matches(['/', ':', '=', '@']);
            redacted.push_str(&self.word(word, is_quoted));
            redacted.push_str(&piece[word.len()..]);
        }
        redacted.push_str(tail);
        redacted
    }

    fn word(&mut self, word: &str, is_quoted: bool) -> String {
        let lower = word.to_lowercase();
        if word.is_empty() {
            return String::new();
        }
        if let Some(placeholder) = self.known.get(&lower) {
            return placeholder.clone();
        }
        if let Some(sort) = sort(word) {
            return self.placeholder(&sort, word);
        }
        let known: Vec<_> = self.known.iter().map(|(word, placeholder)| (word.clone(), placeholder.clone())).collect();
        let inside =
            known.iter().fold(word.to_owned(), |text, (known, placeholder)| replaced(&text, known, placeholder));
        if inside != word {
            return inside;
        }
        let plain = word.chars().all(char::is_alphabetic) && !is_quoted;
        let number = word.chars().all(|c| c.is_ascii_digit() || c == '.') && word.len() < 12;
        if plain || number || is_service(word) || self.vocabulary.contains(&lower) {
            word.to_owned()
        } else {
            self.placeholder("name", word)
        }
    }

    /// Partition, service, region and type of resource stay.
    fn arn(&mut self, arn: &str) -> String {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, partition, service, region, account, resource] = parts[..] else {
            return self.placeholder("arn", arn);
        };
        let account = if account.bytes().all(|byte| byte.is_ascii_digit()) && !account.is_empty() {
            self.placeholder("account", account)
        } else {
            String::new()
        };
        let resource = match resource.split_once(['/', ':']) {
            Some((kind, rest)) if kind.chars().all(|c| c.is_ascii_lowercase() || c == '-') => {
                format!("{kind}/{}", self.placeholder("name", rest))
            }
            _ => self.placeholder("name", resource),
        };
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    fn has_issued(&self, placeholder: &str) -> bool {
        self.placeholders.values().any(|issued| issued == placeholder)
    }

    fn placeholder(&mut self, sort: &str, value: &str) -> String {
        let key = (sort.to_owned(), value.to_lowercase());
        if let Some(placeholder) = self.placeholders.get(&key) {
            return placeholder.clone();
        }
        let count = self.counts.entry(sort.to_owned()).or_default();
        *count += 1;
        let placeholder = format!("<{sort}-{count}>");
        self.placeholders.insert(key, placeholder.clone());
        placeholder
    }
}

fn is_inside(character: char) -> bool {
    character.is_alphanumeric() || "._-:/@+=~%\\?&#".contains(character)
}

/// The length of a placeholder that the text begins with.
fn placeholder_at(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('<')?;
    let end = inside.find('>')?;
    let (sort, number) = inside[..end].rsplit_once('-')?;
    let is_ours = sort.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !sort.is_empty();
    (is_ours && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(end + 2)
}

/// Prefixes of identifiers in AWS.
const IDENTIFIERS: [&str; 20] = [
    "acl", "dopt", "eipalloc", "eipassoc", "eni", "fl", "fs", "fsap", "fsmt", "igw", "nat", "pcx", "pl", "rtb",
    "rtbassoc", "sg", "sgr", "subnet", "vpc", "vpce",
];

/// What a word is by its form, if it identifies somebody.
fn sort(word: &str) -> Option<String> {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let found = |sort: &str| Some(sort.to_owned());
    if word.parse::<IpNet>().is_ok() {
        return found("cidr");
    }
    if word.parse::<IpAddr>().is_ok() || word.rsplit_once(':').is_some_and(|(ip, _)| ip.parse::<IpAddr>().is_ok()) {
        return found("ip");
    }
    if word.contains('@') {
        return found("email");
    }
    let is_ours = word.starts_with("/ce-aws/");
    if (word.starts_with(['/', '~', '.']) && word.len() > 1 && !is_ours) || word.contains('\\') {
        return found("path");
    }
    if word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return found("account");
    }
    if let Some((kind, number)) = word.rsplit_once('-')
        && number.len() >= 8
        && hex(number)
    {
        return found(if IDENTIFIERS.contains(&kind) { kind } else { "id" });
    }
    if word.len() >= 16 && word.starts_with('A') && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
        return found("key");
    }
    if word.len() >= 16 && hex(&word.replace('-', "")) {
        return found("id");
    }
    if is_host(word) {
        return found("host");
    }
    (word.len() >= 40 && !word.contains('/')).then(|| "opaque".to_owned())
}

/// A host or a file: labels with dots, the last of letters only. Names of AWS services identify nobody.
fn is_host(word: &str) -> bool {
    let labels: Vec<&str> = word.split('.').collect();
    let valid = |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    let last = labels.last().is_some_and(|last| last.len() > 1 && last.chars().all(char::is_alphabetic));
    labels.len() > 1 && labels.iter().all(valid) && last && !is_service(word)
}

/// `ecs-tasks.amazonaws.com`.
fn is_service(word: &str) -> bool {
    word.strip_suffix(".amazonaws.com").is_some_and(|service| !service.contains('.'))
}

/// The text with a whole word replaced, in any case.
fn replaced(text: &str, word: &str, placeholder: &str) -> String {
    let (lower, mut done, mut from) = (text.to_lowercase(), String::new(), 0);
    if lower.len() != text.len() {
        return if lower.contains(word) { placeholder.to_owned() } else { text.to_owned() };
    }
    for (at, _) in lower.match_indices(word) {
        let before = lower[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let after = lower[at + word.len()..].chars().next().is_some_and(char::is_alphanumeric);
        if at >= from && !before && !after && text.is_char_boundary(at) && text.is_char_boundary(at + word.len()) {
            done.push_str(&text[from..at]);
            done.push_str(placeholder);
            from = at + word.len();
        }
    }
    done.push_str(&text[from..]);
    done
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn redactor() -> Redactor {
        let mut redactor = Redactor::default();
        redactor.vocabulary(["ce-aws", "ec2", "file-system", "private-a", "us-east-1", "desired_count"]);
        for word in ["acme", "Jo Doe", "security-platform", "jdoe"] {
            redactor.know(word);
        }
        redactor
    }

    #[test]
    fn what_identifies_an_account_gets_one_placeholder_for_each_thing() {
        let cases = [
            ("account 111122223333, again 111122223333", "account <account-1>, again <account-1>"),
            ("10.1.2.3 to 10.0.0.0/16, 10.1.2.3:443, fd00::1", "<ip-1> to <cidr-1>, <ip-2>, <ip-3>"),
            ("ask intranet.corp.example or jo@corp.example", "ask <host-1> or <email-1>"),
            ("https://wiki.corp.example/x?y", "https://<host-1>"),
            ("ce-acme-us-east-1-task of Acme", "ce-<name-1>-us-east-1-task of <name-1>"),
            ("owned by Jo Doe (security-platform)", "owned by <name-2> (<name-3>)"),
            ("vpc-0a1b2c3d4e5f60718 holds eni-0123456789abcdef0", "<vpc-1> holds <eni-1>"),
            ("AKIAIOSFODNN7EXAMPLE", "<key-1>"),
            ("/home/jdoe/plans/acme.toml", "<path-1>"),
            ("C:\\Users\\jdoe\\x.toml", "<path-1>"),
            ("the group \"finance\" of cart-7", "the group \"<name-5>\" of <name-6>"),
        ];
        for (text, expected) in cases {
            assert_eq!(redactor().text(text), expected);
        }
    }

    #[test]
    fn arns_keep_service_and_type() {
        let mut redactor = redactor();
        let role = redactor.text("arn:aws:iam::111122223333:role/ce-aws/acme/x is no arn:aws:s3:::corp-data");
        assert_eq!(role, "arn:aws:iam::<account-1>:role/<name-5> is no arn:aws:s3:::<name-6>");
    }

    #[test]
    fn a_text_that_looks_like_a_placeholder_is_replaced_too() {
        assert_eq!(redactor().text("<acme-1> and <ip-7>"), "<<name-1>-1> and <<name-5>>");
    }

    #[test]
    fn operations_and_codes_stay() {
        let mut redactor = redactor();
        for text in [
            "ec2 CreateVpc: VpcLimitExceeded, not retried",
            "file-system/private-a waits for desired_count = 1 of 2.5",
            "the role is trusted by ecs-tasks.amazonaws.com",
            "/ce-aws/",
        ] {
            assert_eq!(redactor.text(text), text);
        }
        let failure = json!({
            "code": "AccessDenied", "operation": "s3 PutObject", "message": "to bucket corp-7",
            "request_id": "7a0f2d0c-1111-2222-3333-0123456789ab", "Acme": 1
        });
        let redacted = redactor.value(&failure);
        assert_eq!(redacted["request_id"], failure["request_id"]);
        assert_eq!((&redacted["code"], &redacted["operation"]), (&failure["code"], &failure["operation"]));
        assert_eq!(redacted["message"], "to bucket <name-5>");
        assert_eq!(redacted["<name-1>"], 1);
    }

    proptest! {
        #[test]
        fn no_text_keeps_a_known_word(before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
            for word in ["acme", "Jo Doe", "10.1.2.3", "111122223333"] {
                let text = format!("{before} {word} {after}");
                let redacted = redactor().text(&text).to_lowercase();
                prop_assert!(!redacted.split(|c: char| !c.is_alphanumeric()).any(|part| part == word.to_lowercase()));
                prop_assert!(!redacted.contains(" jo doe ") && !redacted.contains("10.1.2.3 "), "{}", redacted);
            }
        }
    }
}
