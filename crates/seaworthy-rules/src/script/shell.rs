//! The commands of scripts, as rules see them.

pub(crate) use seaworthy_shell::{Simple, commands, split};
