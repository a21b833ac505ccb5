//! Questions to an instruction and its command.

use crate::mounts::{self, Mount};
use crate::tree::{Command, Flag, Healthcheck, Instruction, Kind, Word};

impl Instruction {
    /// The first flag of a name.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }

    /// The value of a flag of a name.
    #[must_use]
    pub fn flag_value(&self, name: &str) -> Option<&Word> {
        self.flag(name)?.value.as_ref()
    }

    /// Whether a flag that is true or false is on.
    #[must_use]
    pub fn flag_is_on(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|flag| {
            flag.value.as_ref().is_none_or(|value| value.raw.eq_ignore_ascii_case("true"))
        })
    }

    /// The mounts of a RUN, in order.
    #[must_use]
    pub fn mounts(&self) -> Vec<Mount> {
        let values =
            self.flags.iter().filter(|flag| flag.name == "mount").filter_map(|flag| flag.value.as_ref());
        values.map(mounts::parse).collect()
    }

    /// The network of a RUN: `default`, `none` or `host`, or what stands there instead.
    #[must_use]
    pub fn network(&self) -> String {
        self.value_or("network", "default")
    }

    /// The security mode of a RUN: `sandbox` or `insecure`, or what stands there instead.
    #[must_use]
    pub fn security(&self) -> String {
        self.value_or("security", "sandbox")
    }

    fn value_or(&self, name: &str, default: &str) -> String {
        self.flag_value(name).map_or_else(|| default.to_owned(), |value| value.raw.clone())
    }

    /// The command of RUN, CMD, ENTRYPOINT and HEALTHCHECK CMD; of ONBUILD, that of its instruction.
    #[must_use]
    pub fn command(&self) -> Option<&Command> {
        match &self.kind {
            Kind::Run(command)
            | Kind::Cmd(command)
            | Kind::Entrypoint(command)
            | Kind::Healthcheck(Healthcheck::Cmd(command)) => Some(command),
            Kind::Onbuild(inner) => inner.command(),
            _ => None,
        }
    }
}
