//! Where the routes of a subnet lead. As in AWS, the longest prefix decides, whatever its target can do.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// An IPv4 route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The destination. `None`: a prefix list whose entries may not be read.
    pub to: Option<Ipv4Net>,
    pub via: Via,
    /// The id of its target: `nat-…`.
    pub id: String,
    /// False if the target no longer exists (`blackhole`): the route drops what it matches.
    pub active: bool,
    pub rank: Rank,
}

/// Which of two routes with the same destination AWS takes, the preferred one first (Amazon VPC user guide, "How route
/// tables work": "Route priority for propagated routes", "Route priority and prefix lists").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Static,
    PrefixList,
    Propagated,
}

/// The target of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// A NAT gateway whose own subnet reaches an internet gateway.
    Nat,
    /// A NAT gateway whose own subnet does not.
    StrandedNat,
    /// A NAT gateway that is private, or about which too little is known.
    UnknownNat,
    TransitGateway,
    VirtualPrivateGateway,
    CoreNetwork,
    LocalGateway,
    /// A gateway load balancer endpoint, such as a firewall's.
    Firewall,
    /// A network interface or an instance, such as a NAT instance or appliance.
    Interface,
    /// A task without a public address cannot use it.
    InternetGateway,
    /// It reaches one VPC and nothing beyond it (Amazon VPC peering guide, "VPC peering limitations").
    Peering,
    /// For Wavelength Zones only.
    CarrierGateway,
    /// For IPv6 only.
    EgressOnly,
    /// The VPC itself.
    Local,
    /// S3 or DynamoDB.
    GatewayEndpoint,
    /// A kind that this program does not know.
    Other,
}

/// Whether a task reaches the internet through a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carries {
    Yes,
    /// It depends on what lies behind it, which cannot be checked.
    Perhaps,
    No,
}

impl Via {
    pub fn carries(self) -> Carries {
        match self {
            Self::Nat => Carries::Yes,
            Self::UnknownNat
            | Self::TransitGateway
            | Self::VirtualPrivateGateway
            | Self::CoreNetwork
            | Self::LocalGateway
            | Self::Firewall
            | Self::Interface
            | Self::Other => Carries::Perhaps,
            Self::StrandedNat
            | Self::InternetGateway
            | Self::Peering
            | Self::CarrierGateway
            | Self::EgressOnly
            | Self::Local
            | Self::GatewayEndpoint => Carries::No,
        }
    }

    /// Whether shared endpoints of another network may lie behind it.
    pub fn leads_to_other_networks(self) -> bool {
        self == Self::Peering || self.carries() == Carries::Perhaps
    }
}

impl Route {
    pub fn carries(&self) -> Carries {
        if self.active { self.via.carries() } else { Carries::No }
    }
}

/// Special-purpose addresses, which are not part of the internet (RFC 6890).
const SPECIAL: [(u32, u8); 13] = [
    (0x0000_0000, 8),
    (0x0a00_0000, 8),
    (0x6440_0000, 10),
    (0x7f00_0000, 8),
    (0xa9fe_0000, 16),
    (0xac10_0000, 12),
    (0xc000_0000, 24),
    (0xc000_0200, 24),
    (0xc0a8_0000, 16),
    (0xc612_0000, 15),
    (0xc633_6400, 24),
    (0xcb00_7100, 24),
    (0xe000_0000, 3),
];

/// The route that AWS takes to an address.
pub fn route_to(routes: &[Route], address: Ipv4Addr) -> Option<&Route> {
    let matching = routes.iter().filter_map(|route| Some((route.to.filter(|net| net.contains(&address))?, route)));
    let preferred = |(net, route): &(Ipv4Net, &Route)| (u8::MAX - net.prefix_len(), route.rank);
    matching.min_by_key(preferred).map(|(_, route)| route)
}

/// A part of the internet, and the route to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    pub first: Ipv4Addr,
    /// How many addresses, from the first on.
    pub size: u64,
    pub route: Option<&'a Route>,
}

/// The whole internet in order, part by part, without what stays in the VPC or goes to its gateway endpoints.
pub fn internet(routes: &[Route]) -> Vec<Part<'_>> {
    let special = SPECIAL.iter().map(|(start, length)| (u64::from(*start), 1_u64 << (32 - length)));
    let special: Vec<(u64, u64)> = special.collect();
    let nets = routes.iter().filter_map(|route| route.to);
    let nets = nets.map(|net| (u64::from(u32::from(net.network())), 1_u64 << (32 - net.prefix_len())));
    let mut bounds: Vec<u64> =
        special.iter().copied().chain(nets).flat_map(|(start, size)| [start, start + size]).collect();
    bounds.extend([0, 1 << 32]);
    bounds.sort_unstable();
    bounds.dedup();
    // Between two bounds every address has the same routes.
    let parts = bounds.windows(2).filter_map(|bounds| {
        let (start, end) = (*bounds.first()?, *bounds.last()?);
        let is_special = special.iter().any(|(from, size)| (*from..from + size).contains(&start));
        let first = Ipv4Addr::from(u32::try_from(start).ok()?);
        (!is_special).then(|| Part { first, size: end - start, route: route_to(routes, first) })
    });
    let stays =
        |part: &Part<'_>| part.route.is_some_and(|route| [Via::Local, Via::GatewayEndpoint].contains(&route.via));
    parts.filter(|part| !stays(part)).collect()
}

/// The route that most of the internet takes, if any takes one.
pub fn way_out(routes: &[Route]) -> Option<&Route> {
    let parts = internet(routes);
    let of = |route: &Route| -> u64 {
        parts.iter().filter(|part| part.route.is_some_and(|one| one.id == route.id)).map(|part| part.size).sum()
    };
    let used = parts.iter().filter_map(|part| part.route);
    used.max_by_key(|route| of(route))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn route(to: &str, via: Via, id: &str) -> Route {
        Route { to: Some(to.parse().unwrap()), via, id: id.to_owned(), active: true, rank: Rank::Static }
    }

    fn ids(routes: &[Route]) -> Vec<&str> {
        let mut ids: Vec<_> = internet(routes).iter().map(|part| part.route.map_or("-", |route| &route.id)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    #[test]
    fn two_halves_cover_the_internet_and_local_routes_are_not_part_of_it() {
        let halves = [
            route("0.0.0.0/1", Via::Nat, "a"),
            route("128.0.0.0/1", Via::Nat, "b"),
            route("10.0.0.0/8", Via::TransitGateway, "tgw"),
            // A VPC that uses public addresses, and S3.
            route("52.1.0.0/16", Via::Local, "local"),
            route("52.216.0.0/15", Via::GatewayEndpoint, "vpce"),
        ];
        assert_eq!(ids(&halves), ["a", "b"]);
        assert_eq!(ids(&halves[..1]), ["-", "a"]);
        assert_eq!(way_out(&halves[1..]).map(|route| route.id.as_str()), Some("b"));
        assert_eq!(way_out(&halves[2..]), None);
    }

    #[test]
    fn a_longer_prefix_wins_even_if_its_target_is_gone() {
        let mut routes = vec![route("0.0.0.0/0", Via::Nat, "nat"), route("3.0.0.0/8", Via::Peering, "pcx")];
        routes[1].active = false;
        let to = |address: [u8; 4]| route_to(&routes, Ipv4Addr::from(address)).map(|route| route.id.as_str());
        assert_eq!([to([3, 4, 5, 6]), to([4, 4, 5, 6])], [Some("pcx"), Some("nat")]);
    }

    #[test]
    fn of_equal_destinations_a_static_route_wins_then_a_prefix_list_then_a_propagated_one() {
        let of = |rank, id: &str| Route { rank, ..route("0.0.0.0/0", Via::Nat, id) };
        let mut routes = vec![of(Rank::Propagated, "vgw"), of(Rank::PrefixList, "pl"), of(Rank::Static, "nat")];
        for expected in ["nat", "pl", "vgw"] {
            assert_eq!(ids(&routes), [expected]);
            routes.pop();
        }
    }

    fn any_route() -> impl Strategy<Value = Route> {
        // Few networks, so that they often overlap.
        let net = (0_u32..8, prop::sample::select(vec![0_u8, 1, 2, 3, 8, 12, 16, 24, 32]));
        let via = prop::sample::select(vec![Via::Nat, Via::TransitGateway, Via::Peering]);
        let rank = prop::sample::select(vec![Rank::Static, Rank::PrefixList, Rank::Propagated]);
        (net, via, rank, any::<bool>(), 0_u8..9).prop_map(|((high, length), via, rank, active, id)| {
            let to = Ipv4Net::new(Ipv4Addr::from(high << 29 | high << 12), length).unwrap().trunc();
            Route { to: Some(to), via, id: id.to_string(), active, rank }
        })
    }

    /// As the guide describes it: the most specific of those that match; of these, the preferred.
    fn naive(routes: &[Route], address: Ipv4Addr) -> Option<(u8, Rank)> {
        for length in (0..=32).rev() {
            for rank in [Rank::Static, Rank::PrefixList, Rank::Propagated] {
                let net = Ipv4Net::new(address, length).unwrap().trunc();
                if routes.iter().any(|route| route.to == Some(net) && route.rank == rank) {
                    return Some((length, rank));
                }
            }
        }
        None
    }

    proptest! {
        #[test]
        fn every_address_takes_the_route_that_the_guide_says(
            routes in prop::collection::vec(any_route(), 0..12), address in any::<u32>(), near in 0_usize..12,
        ) {
            // Also at the edge of a network, where a bug would hide.
            let edge = routes.get(near).and_then(|route| route.to).map(|net| net.broadcast());
            for address in [Some(Ipv4Addr::from(address)), edge].into_iter().flatten() {
                let taken = route_to(&routes, address).map(|route| (route.to.unwrap().prefix_len(), route.rank));
                prop_assert_eq!(taken, naive(&routes, address));
            }
        }

        #[test]
        fn the_parts_are_the_internet_and_each_has_one_route(
            routes in prop::collection::vec(any_route(), 0..12), sample in any::<u32>(),
        ) {
            let parts = internet(&routes);
            let whole: u64 = parts.iter().map(|part| part.size).sum();
            let special: u64 = SPECIAL.iter().map(|(_, length)| 1_u64 << (32 - length)).sum();
            prop_assert_eq!(whole, (1_u64 << 32) - special);
            let within = |part: &&Part<'_>| {
                let first = u64::from(u32::from(part.first));
                (first..first + part.size).contains(&u64::from(sample))
            };
            if let Some(part) = parts.iter().find(within) {
                prop_assert_eq!(part.route.map(|route| (route.to, route.rank)),
                    route_to(&routes, Ipv4Addr::from(sample)).map(|route| (route.to, route.rank)));
            }
        }
    }
}
