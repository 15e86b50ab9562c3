//! What `--quiet` leaves: data, errors, and what a question is about.

use crate::account::Account;
use crate::deploy::SCALE;
use crate::product::Product;

#[test]
fn quiet_commands_say_only_what_has_to_be_known() {
    let account = Account::new(SCALE);
    let product =
        Product::with_plan(&account, "name = \"prod\"\nrelease = \"5.0.0\"\n[load_balancer]\nenabled = false\n");
    let refused = product.expect(5, &["apply", "FILE", "--quiet"]);
    for words in ["create", "error[refused/unconfirmed]", "--yes"] {
        assert!(refused.stderr.contains(words), "nobody consents to what is not shown: {}", refused.stderr);
    }
    let applied = product.expect(0, &["apply", "FILE", "--quiet", "--yes"]);
    assert_eq!(applied.stderr, "");
    assert!(applied.stdout.contains("ce-prod"), "where it is, is data: {}", applied.stdout);
    let stopped = product.expect(0, &["stop", "FILE", "--quiet", "--yes"]);
    assert_eq!(stopped.stderr, "");
    assert_eq!(product.expect(0, &["stop", "FILE", "--quiet"]).stderr, "", "there is nothing to ask");
    product.expect(0, &["destroy", "FILE", "--quiet", "--yes"]);
}
