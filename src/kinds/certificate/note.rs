//! The note of which names the deployment has certificates for. A certificate has tags, but no list of ACM can be
//! restricted to them: only those of noted names are read.
//!
//! A name is noted before its certificate is requested, with the token of the request. So another run finds the
//! certificate although the answer was lost, and repeats the same request where lists do not have it yet.

use std::collections::BTreeMap;

use crate::engine::failure::Failure;
use crate::kinds::context::Context;
use crate::kinds::notes::CERTIFICATES;

/// Digits of a token. A tag has room for 256 characters: three names of 64 with their tokens.
const DIGITS: usize = 16;

/// Names, each with the token of its request.
pub fn read(context: &Context) -> BTreeMap<String, String> {
    parse(&CERTIFICATES.read(context).unwrap_or_default())
}

/// Notes a name, unless it is noted already; gives the token to request its certificate with.
pub async fn add(context: &Context, name: &str, token: &str) -> Result<String, Failure> {
    let mut all = read(context);
    if let Some(token) = all.get(name) {
        return Ok(token.clone());
    }
    let token: String = token.chars().take(DIGITS).collect();
    all.insert(name.to_owned(), token.clone());
    CERTIFICATES.write(context, &format(&all)).await?;
    Ok(token)
}

/// Removes a name.
pub async fn remove(context: &Context, name: &str) -> Result<(), Failure> {
    let mut all = read(context);
    all.remove(name);
    if all.is_empty() { CERTIFICATES.erase(context).await } else { CERTIFICATES.write(context, &format(&all)).await }
}

/// `ce.example.com/1a2b3c4d5e6f7a8b other.example.com/…`.
fn format(all: &BTreeMap<String, String>) -> String {
    all.iter().map(|(name, token)| format!("{name}/{token}")).collect::<Vec<_>>().join(" ")
}

fn parse(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(' ').filter_map(|one| one.split_once('/'));
    pairs.map(|(name, token)| (name.to_owned(), token.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_of_the_longest_names_fit_into_a_tag() {
        let longest = |letter: &str| (format!("{}.example.com", letter.repeat(52)), "0".repeat(DIGITS));
        let all = BTreeMap::from(["a", "b", "c"].map(longest));
        let text = format(&all);
        assert!(text.len() <= 256, "{}", text.len());
        assert_eq!(parse(&text), all);
        assert_eq!(parse(""), BTreeMap::new());
    }
}
