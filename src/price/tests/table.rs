use time::{Date, Month};

use crate::config::Region;
use crate::price::table::parse;
use crate::price::{Item, Rates};

/// What every deployment with a network of its own is charged for certain.
const CERTAIN: [Item; 6] =
    [Item::FargateVcpu, Item::FargateMemory, Item::NatHour, Item::PublicIpv4, Item::LoadBalancerHour, Item::Secret];

#[test]
fn every_region_has_what_is_charged_for_certain_with_source_and_date() {
    let regions: Vec<_> = Rates::regions().collect();
    assert!(regions.contains(&"us-east-1") && regions.contains(&"eu-central-1"), "{regions:?}");
    for region in regions {
        assert!(region.parse::<Region>().is_ok(), "{region}");
        let rates = Rates::of(region).unwrap();
        assert_eq!(rates.currency, "USD");
        for item in CERTAIN {
            assert!(rates.price(item).is_some(), "{region} {item:?}");
        }
        for (item, price) in &rates.prices {
            assert!(price.amount.is_finite() && price.amount > 0.0, "{region} {item:?}");
            assert!(is_date(&price.date), "{region} {item:?} {}", price.date);
            assert!(!price.source.is_empty());
        }
        let reads = rates.price(Item::FileSystemRead).is_some();
        assert_eq!(reads, rates.price(Item::FileSystemWrite).is_some(), "{region}");
    }
}

/// `2026-09-29`.
fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let month = month.parse::<u8>().ok().and_then(|month| Month::try_from(month).ok());
    let date = month.zip(day.parse().ok()).zip(year.parse().ok());
    date.is_some_and(|((month, day), year)| Date::from_calendar_date(year, month, day).is_ok())
}

#[test]
fn every_item_is_priced_somewhere() {
    for item in Item::ALL {
        assert!(Rates::regions().any(|region| Rates::of(region).unwrap().price(item).is_some()), "{item:?}");
    }
}

#[test]
fn a_wrong_table_is_told() {
    let source = "[sources.a]\nfrom = \"x\"\ndate = \"2026-01-01\"\n[regions.us-east-1]\n";
    let refused = |line: &str| parse(&format!("{source}{line}\n")).unwrap_err();
    assert!(refused("secret = { price = 1.0, source = \"b\" }").contains("unknown source b"));
    assert!(refused("secrets = { price = 1.0, source = \"a\" }").contains("secrets"));
    assert!(refused("secret = { price = \"x\", source = \"a\" }").contains("price"));
}
