//! What cannot be read off a deployment: how much it is used.

use super::item::Item;

/// Hours of a month, as AWS's own calculator counts.
pub const HOURS: f64 = 730.0;

/// Bytes of an event (vendor's sizing guide); a line of a web transaction log has twice as many.
pub const EVENT_BYTES: f64 = 2_000.0;
pub const WEB_TRANSACTION_BYTES: f64 = 4_000.0;

/// Bytes written to the file system for each byte of an event that goes through RabbitMQ's queues: once into the log
/// and once into a segment. An assumption: nobody has published a measurement.
pub const WRITTEN_PER_BYTE: f64 = 2.0;

/// How much a deployment is used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    pub events_per_minute: Option<f64>,
    /// GB a month that the file system was measured to read and to write. A given number of events comes first.
    pub measured: Option<(f64, f64)>,
}

impl Usage {
    /// Events in GB (10⁹ bytes) a month.
    pub fn volume(&self) -> Option<f64> {
        Some(self.events_per_minute? * EVENT_BYTES * HOURS * 60.0 / 1e9)
    }

    /// How much of it a month has, where the number of events tells.
    pub fn quantity(&self, item: Item) -> Option<f64> {
        match item {
            // Each event comes in through the NAT gateway, and goes out through it to wherever it is sent.
            Item::NatData => Some(self.volume()? * 2.0),
            Item::FileSystemRead if self.events_per_minute.is_none() => Some(self.measured?.0),
            Item::FileSystemWrite => {
                self.volume().map(|volume| volume * WRITTEN_PER_BYTE).or(self.measured.map(|(_, written)| written))
            }
            _ => None,
        }
    }

    /// The least and the most that a usual deployment has of it a month, where that is known without measuring. The
    /// file system's I/O and the NAT gateways' data differ too much to be guessed.
    pub const fn typical(item: Item) -> Option<(f64, f64)> {
        match item {
            Item::LoadBalancerCapacity => Some((0.0, HOURS)),
            Item::FileSystemStorage => Some((5.0, 20.0)),
            Item::BackupStorage => Some((5.0, 40.0)),
            Item::LogsIngested | Item::LogsStored => Some((2.0, 10.0)),
            Item::FlowLogs | Item::BucketStorage | Item::Dashboard => Some((0.0, 1.0)),
            Item::Metric => Some((15.0, 25.0)),
            _ => None,
        }
    }
}
