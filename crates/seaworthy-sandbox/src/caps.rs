//! Capability sets and their names (capabilities(7)).

use std::fmt;
use std::str::FromStr;

/// Names in the order of their numbers, without the `CAP_` prefix (`linux/capability.h` of Linux 6.18).
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// The 14 capabilities Docker Engine grants by default.
const DOCKER: [&str; 14] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "KILL",
    "AUDIT_WRITE",
];

/// The highest capability number this crate drops; the kernel refuses numbers it does not know.
pub(crate) const LAST: u32 = 63;

/// A set of capabilities.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct CapSet(u64);

/// A name that is not a capability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("recognise the capability `{0}`")]
pub struct UnknownCapability(pub String);

impl CapSet {
    /// No capability at all.
    pub const fn none() -> Self {
        Self(0)
    }

    /// Every capability that has a name.
    pub const fn all() -> Self {
        Self((1 << NAMES.len()) - 1)
    }

    /// The 14 capabilities Docker Engine grants by default.
    pub fn docker_default() -> Self {
        DOCKER.iter().filter_map(|name| number(name)).fold(Self::none(), |set, bit| Self(set.0 | 1 << bit))
    }

    /// This set and one capability more, given as `NET_RAW`, `CAP_NET_RAW` or in lower case; `ALL` is all.
    ///
    /// # Errors
    /// When the name is not a capability.
    pub fn with(self, name: &str) -> Result<Self, UnknownCapability> {
        Ok(Self(self.0 | name.parse::<Self>()?.0))
    }

    /// This set without one capability; `ALL` empties it.
    ///
    /// # Errors
    /// When the name is not a capability.
    pub fn without(self, name: &str) -> Result<Self, UnknownCapability> {
        Ok(Self(self.0 & !name.parse::<Self>()?.0))
    }

    /// Whether the set holds the capability of that name; an unknown name is in no set.
    pub fn has(self, name: &str) -> bool {
        number(&normal(name)).is_some_and(|bit| self.0 >> bit & 1 == 1)
    }

    /// The names without `CAP_`, in the kernel's order.
    pub fn names(self) -> Vec<&'static str> {
        NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| *name).collect()
    }

    /// The set as a mask, as `/proc/<pid>/status` shows it.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The set of a mask.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// How many capabilities the set holds.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for CapSet {
    type Err = UnknownCapability;

    fn from_str(name: &str) -> Result<Self, UnknownCapability> {
        match normal(name).as_str() {
            "ALL" => Ok(Self::all()),
            known => {
                number(known).map(|bit| Self(1 << bit)).ok_or_else(|| UnknownCapability(name.to_owned()))
            }
        }
    }
}

impl fmt::Debug for CapSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

fn normal(name: &str) -> String {
    let upper = name.trim().to_ascii_uppercase();
    upper.strip_prefix("CAP_").map(str::to_owned).unwrap_or(upper)
}

fn number(name: &str) -> Option<usize> {
    NAMES.iter().position(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockers_set_has_the_mask_docker_shows() {
        assert_eq!(CapSet::docker_default().bits(), 0xa804_25fb);
        assert_eq!(CapSet::docker_default().len(), 14);
        assert_eq!(CapSet::all().bits(), 0x1ff_ffff_ffff);
    }

    #[test]
    fn names_parse_in_every_spelling() {
        let set = CapSet::none().with("cap_net_bind_service").and_then(|s| s.with("KILL")).unwrap();
        assert_eq!(set.names(), ["KILL", "NET_BIND_SERVICE"]);
        assert!(set.has("CAP_KILL") && !set.has("CHOWN") && !set.has("NOPE"));
        assert_eq!(set.without("ALL"), Ok(CapSet::none()));
        assert_eq!("NOPE".parse::<CapSet>(), Err(UnknownCapability("NOPE".to_owned())));
    }
}
