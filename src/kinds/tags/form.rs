//! Tags in the forms of the SDKs, each of which has a type of its own for a key and a value, and what ours say.

use crate::engine::address::Address;
use crate::kinds::context::{Context, Tags};
use crate::kinds::names;

/// A key and a value as one of the SDKs has them: a tag, or an attribute of Elastic Load Balancing.
pub trait SdkPair: Sized {
    fn pair(&self) -> (Option<&str>, Option<&str>);
    /// `None` only where an SDK insists on a key or a value, which all of ours have.
    fn of(key: &str, value: &str) -> Option<Self>;
}

/// `build()` gives a tag, or in some SDKs a result, whose value `.ok()` takes.
macro_rules! sdk_pairs {
    ($($sdk:ident::$name:ident $(.$ok:ident())?),*) => {$(
        impl SdkPair for $sdk::types::$name {
            fn pair(&self) -> (Option<&str>, Option<&str>) {
                (self.key().into(), self.value().into())
            }

            fn of(key: &str, value: &str) -> Option<Self> {
                Self::builder().key(key).value(value).build()$(.$ok())?.into()
            }
        }
    )*};
}

sdk_pairs!(
    aws_sdk_acm::Tag.ok(),
    aws_sdk_cloudwatch::Tag,
    aws_sdk_ec2::Tag,
    aws_sdk_ecs::Tag,
    aws_sdk_efs::Tag.ok(),
    aws_sdk_elasticloadbalancingv2::Tag,
    aws_sdk_elasticloadbalancingv2::LoadBalancerAttribute,
    aws_sdk_elasticloadbalancingv2::TargetGroupAttribute,
    aws_sdk_eventbridge::Tag.ok(),
    aws_sdk_iam::Tag.ok(),
    aws_sdk_s3::Tag.ok(),
    aws_sdk_secretsmanager::Tag,
    aws_sdk_sns::Tag.ok()
);

/// Tags as this program keeps them.
pub fn read<T: SdkPair>(tags: &[T]) -> Tags {
    let pairs = tags.iter().map(T::pair);
    pairs.filter_map(|(key, value)| Some((key?.to_owned(), value.unwrap_or_default().to_owned()))).collect()
}

/// Tags as an SDK takes them.
pub fn write<T: SdkPair>(tags: &Tags) -> Vec<T> {
    tags.iter().filter_map(|(key, value)| T::of(key, value)).collect()
}

/// The address in a resource's tags, if it has one that this program could have written.
pub fn address(tags: &Tags) -> Option<Address> {
    tags.get(names::ADDRESS)?.parse().ok()
}

/// The address in a resource's tags, if it is of this kind and of this deployment.
pub fn address_of(context: &Context, kind: &str, tags: &Tags) -> Option<Address> {
    let is_ours = tags.get(names::DEPLOYMENT) == Some(&context.names.deployment);
    address(tags).filter(|address| is_ours && address.kind() == kind)
}
