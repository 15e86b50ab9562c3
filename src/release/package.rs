//! The four sizes in which the vendor sells Cloud Exchange.

use super::choice::choice;

choice! {
    /// Size of the one task. Ordered from small to large.
    ///
    /// Source of all figures: the mappings of the vendor template, CE 5.0.0. Small and medium differ
    /// only in the storage figure.
    #[derive(Default)]
    pub enum Package("package", "plan-file/unknown-package") {
        /// 4 vCPU, 8 GiB, 40 GiB for RabbitMQ.
        ExtraSmall = "extra-small",
        /// 8 vCPU, 16 GiB, 40 GiB for RabbitMQ.
        Small = "small",
        /// 8 vCPU, 16 GiB, 80 GiB for RabbitMQ.
        #[default]
        Medium = "medium",
        /// 16 vCPU, 32 GiB, 120 GiB for RabbitMQ.
        Large = "large",
    }
}

impl Package {
    /// Fargate task CPU, in units of 1/1024 vCPU.
    pub const fn cpu_units(self) -> u32 {
        match self {
            Self::ExtraSmall => 4096,
            Self::Small | Self::Medium => 8192,
            Self::Large => 16384,
        }
    }

    /// Whole virtual CPUs, as Fargate's quota counts them.
    pub const fn vcpus(self) -> u32 {
        self.cpu_units() / 1024
    }

    /// Fargate task memory, in MiB.
    pub const fn memory_mib(self) -> u32 {
        match self {
            Self::ExtraSmall => 8192,
            Self::Small | Self::Medium => 16384,
            Self::Large => 32768,
        }
    }

    /// RabbitMQ's share of the memory, in MiB: 6/32 (the vendor's setup script, CE 5.0.1).
    pub const fn rabbitmq_memory_mib(self) -> u32 {
        self.memory_mib() * 6 / 32
    }

    /// The sizing profile of the vendor's setup script, CE 6.1.0. It has no smaller one than that for 8 CPUs and 16 GB.
    pub const fn profile(self) -> &'static str {
        match self {
            Self::ExtraSmall | Self::Small | Self::Medium => "Medium",
            Self::Large => "Large",
        }
    }

    /// Bytes of queue storage that core assumes for RabbitMQ. It cannot measure them: EFS reports a size of 8 EiB.
    pub const fn rabbitmq_storage_bytes(self) -> u64 {
        const GIB: u64 = 1 << 30;
        match self {
            Self::ExtraSmall | Self::Small => 40 * GIB,
            Self::Medium => 80 * GIB,
            Self::Large => 120 * GIB,
        }
    }
}
