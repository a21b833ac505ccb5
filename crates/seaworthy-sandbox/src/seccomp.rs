//! Docker's default seccomp profile as two stacked programs.
//!
//! A seccompiler filter has one action for what matches, so the profile needs two programs, of which the kernel
//! takes the stricter answer: the allow list, which answers EPERM to everything else, and a second one that
//! answers ENOSYS to clone3, so that a C library falls back to clone, whose flags can be judged. The system calls of a
//! 32-bit program on `x86_64` have numbers of their own, so each program has a second half for them, as Docker's have;
//! calls of any other architecture kill.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use crate::caps::CapSet;
use crate::error::Error;
use crate::plan::{Failure, Step};
use crate::sys;
use crate::syscalls;

/// The system call filter of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seccomp {
    /// Docker's default profile for the box's capabilities.
    #[default]
    Docker,
    /// No filter.
    Unconfined,
}

/// Compiled programs, in the order they are installed.
#[derive(Debug, Default)]
pub(crate) struct Programs(Vec<Vec<libc::sock_filter>>);

/// Compiling takes longer than cloning, so each capability set is compiled once per process.
static COMPILED: Mutex<BTreeMap<CapSet, Arc<Programs>>> = Mutex::new(BTreeMap::new());

impl Programs {
    /// The programs of a profile.
    ///
    /// # Errors
    /// When seccompiler refuses the profile, which a test excludes for every single capability.
    pub(crate) fn of(seccomp: Seccomp, capabilities: CapSet) -> Result<Arc<Self>, Error> {
        if seccomp == Seccomp::Unconfined {
            return Ok(Arc::default());
        }
        if let Some(known) = COMPILED.lock().unwrap_or_else(PoisonError::into_inner).get(&capabilities) {
            return Ok(Arc::clone(known));
        }
        let compiled = compile(capabilities)
            .map_err(|error| Error::invalid(format!("the seccomp profile does not compile: {error}")))?;
        let programs = Arc::new(Self(compiled));
        COMPILED.lock().unwrap_or_else(PoisonError::into_inner).insert(capabilities, Arc::clone(&programs));
        Ok(programs)
    }

    /// Installs the programs on this thread. Runs in the child.
    pub(crate) fn install(&self) -> Result<(), Failure> {
        for (index, program) in self.0.iter().enumerate() {
            sys::seccomp(program).map_err(|e| Step::Seccomp.failed_at(index, e))?;
        }
        Ok(())
    }
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Result2<T> = Result<T, seccompiler::BackendError>;

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

fn compile(capabilities: CapSet) -> Result2<Vec<Vec<libc::sock_filter>>> {
    let deny = SeccompAction::Errno(libc::EPERM as u32);
    let allow = SeccompFilter::new(allow_rules(capabilities)?, deny, SeccompAction::Allow, ARCH)?;
    let mut programs = Vec::new();
    // The stricter program first: the allow list lets the second installation pass.
    if !capabilities.has("SYS_ADMIN") {
        // The number of clone3 is the same everywhere.
        let rules = Rules::from([(libc::SYS_clone3, vec![])]);
        let absent = SeccompAction::Errno(libc::ENOSYS as u32);
        let program = convert(SeccompFilter::new(rules, SeccompAction::Allow, absent, ARCH)?.try_into()?);
        programs.push(for_both(program.clone(), program));
    }
    #[cfg(target_arch = "x86_64")]
    let narrow = {
        let deny = SeccompAction::Errno(libc::EPERM as u32);
        let rules = allow_rules_32(capabilities)?;
        convert(SeccompFilter::new(rules, deny, SeccompAction::Allow, ARCH)?.try_into()?)
    };
    #[cfg(not(target_arch = "x86_64"))]
    let narrow = Vec::new();
    programs.push(for_both(convert(allow.try_into()?), narrow));
    Ok(programs)
}

/// The value of a 32-bit program's calls in `seccomp_data.arch`: `AUDIT_ARCH_I386` of `linux/audit.h`.
#[cfg(target_arch = "x86_64")]
const I386: u32 = 0x4000_0003;

/// One program of two: the second for the calls of 32-bit programs, the first for all others.
///
/// Every program of seccompiler begins with three instructions that kill calls of another architecture than its own: load
/// it, compare, kill. The second program's are told the other one.
#[cfg(target_arch = "x86_64")]
fn for_both(wide: Vec<libc::sock_filter>, mut narrow: Vec<libc::sock_filter>) -> Vec<libc::sock_filter> {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const SKIP: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
    // Where `arch` lies in `seccomp_data`.
    const ARCHITECTURE: u32 = 4;
    if let Some(compare) = narrow.get_mut(1).filter(|second| second.code == EQUAL) {
        compare.k = I386;
    }
    let far = u32::try_from(wide.len()).unwrap_or(u32::MAX);
    let choose = [
        libc::sock_filter { code: LOAD, jt: 0, jf: 0, k: ARCHITECTURE },
        libc::sock_filter { code: EQUAL, jt: 0, jf: 1, k: I386 },
        libc::sock_filter { code: SKIP, jt: 0, jf: 0, k: far },
    ];
    choose.into_iter().chain(wide).chain(narrow).collect()
}

/// Only `x86_64` runs other programs than its own here.
#[cfg(not(target_arch = "x86_64"))]
fn for_both(wide: Vec<libc::sock_filter>, _: Vec<libc::sock_filter>) -> Vec<libc::sock_filter> {
    wide
}

/// The rules for 32-bit programs. Of what a capability brings they get namespaces and chroot(2) only.
#[cfg(target_arch = "x86_64")]
fn allow_rules_32(capabilities: CapSet) -> Result2<Rules> {
    const CHROOT: i64 = 61;
    let [clone, personality, socket, clone3] = syscalls::DECIDED_32;
    let mut rules: Rules = syscalls::ALLOWED_32.iter().map(|call| (*call, vec![])).collect();
    rules.insert(clone3, vec![]);
    rules.insert(socket, families()?);
    rules.insert(personality, personalities()?);
    let flags = SeccompCmpOp::MaskedEq(syscalls::NAMESPACE_FLAGS);
    let any = capabilities.has("SYS_ADMIN");
    rules.insert(clone, if any { vec![] } else { vec![when_long(flags, 0)?] });
    if capabilities.has("SYS_CHROOT") {
        rules.insert(CHROOT, vec![]);
    }
    Ok(rules)
}

/// The families of sockets that may be made.
fn families() -> Result2<Vec<SeccompRule>> {
    let families = syscalls::SOCKET_FAMILIES.iter().map(|family| when(SeccompCmpOp::Eq, *family));
    families.chain([when(SeccompCmpOp::Lt, 12)]).collect()
}

/// The personalities that may be set.
fn personalities() -> Result2<Vec<SeccompRule>> {
    syscalls::PERSONALITIES.iter().map(|value| when(SeccompCmpOp::Eq, *value)).collect()
}

fn allow_rules(capabilities: CapSet) -> Result2<Rules> {
    let mut rules = Rules::new();
    // The second program decides about clone3, and the stricter answer wins, so it has to pass here.
    for call in syscalls::ALLOWED.iter().chain(syscalls::ALLOWED_HERE).chain(&[libc::SYS_clone3]) {
        rules.insert(*call, vec![]);
    }
    rules.insert(libc::SYS_socket, families()?);
    rules.insert(libc::SYS_personality, personalities()?);
    let flags = syscalls::NAMESPACE_FLAGS;
    rules.insert(libc::SYS_clone, vec![when_long(SeccompCmpOp::MaskedEq(flags), 0)?]);
    for (_, calls) in syscalls::WITH_CAPABILITY.iter().filter(|(name, _)| capabilities.has(name)) {
        for call in *calls {
            rules.insert(*call, vec![]);
        }
    }
    if capabilities.has("SYS_RAWIO") {
        for call in syscalls::WITH_RAW_IO {
            rules.insert(*call, vec![]);
        }
    }
    Ok(rules)
}

/// A rule about the first argument as an `int`.
fn when(operator: SeccompCmpOp, value: u64) -> Result2<SeccompRule> {
    SeccompRule::new(vec![SeccompCondition::new(0, SeccompCmpArgLen::Dword, operator, value)?])
}

/// A rule about the first argument as a `long`.
fn when_long(operator: SeccompCmpOp, value: u64) -> Result2<SeccompRule> {
    SeccompRule::new(vec![SeccompCondition::new(0, SeccompCmpArgLen::Qword, operator, value)?])
}

fn convert(program: BpfProgram) -> Vec<libc::sock_filter> {
    program.iter().map(|i| libc::sock_filter { code: i.code, jt: i.jt, jf: i.jf, k: i.k }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_gives_programs_the_kernel_can_take() {
        for bit in 0..41 {
            let programs = compile(CapSet::from_bits(1 << bit)).unwrap();
            assert_eq!(programs.len(), if bit == 21 { 1 } else { 2 });
            // BPF_MAXINSNS.
            assert!(programs.iter().all(|program| program.len() < 4096));
        }
    }

    #[test]
    fn what_docker_forbids_is_not_allowed() {
        let plain = allow_rules(CapSet::docker_default()).unwrap();
        for call in [libc::SYS_mount, libc::SYS_unshare, libc::SYS_setns, libc::SYS_keyctl, libc::SYS_bpf] {
            assert!(!plain.contains_key(&call), "{call}");
        }
        assert!(plain.contains_key(&libc::SYS_chroot));
        assert!(!allow_rules(CapSet::none()).unwrap().contains_key(&libc::SYS_chroot));
        assert_eq!(plain[&libc::SYS_clone].len(), 1);
        assert!(allow_rules(CapSet::all()).unwrap()[&libc::SYS_clone].is_empty());
    }
}
