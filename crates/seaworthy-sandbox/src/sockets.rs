//! The sockets of a box's network namespace, from `/proc/<pid>/net`.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP over IPv4.
    Tcp,
    /// TCP over IPv6, which may take IPv4 connections too.
    Tcp6,
    /// UDP over IPv4.
    Udp,
    /// UDP over IPv6.
    Udp6,
}

/// One socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Its kind.
    pub proto: Protocol,
    /// The local address; 0.0.0.0 and :: are every address.
    pub addr: IpAddr,
    /// The local port.
    pub port: u16,
    /// A TCP socket that takes connections, or a UDP socket without a peer.
    pub listening: bool,
    /// The kernel's number of the socket.
    pub inode: u64,
    /// The box's process that holds it, as the host numbers it. In a shared network the sockets of the other
    /// boxes have none.
    pub owner: Option<i32>,
}

/// Reads the sockets a process's network has; `None` when the process is gone.
pub(crate) fn read(pid: i32, own: &[i32]) -> Option<Vec<Socket>> {
    let kinds =
        [("tcp", Protocol::Tcp), ("tcp6", Protocol::Tcp6), ("udp", Protocol::Udp), ("udp6", Protocol::Udp6)];
    let mut sockets = Vec::new();
    let mut any = false;
    for (name, proto) in kinds {
        // A kernel without IPv6 has no table of it.
        if let Ok(text) = fs::read_to_string(format!("/proc/{pid}/net/{name}")) {
            any = true;
            sockets.extend(text.lines().skip(1).filter_map(|line| parse(line, proto)));
        }
    }
    if !sockets.is_empty() {
        let owners = owners(own);
        for socket in &mut sockets {
            socket.owner = owners.get(&socket.inode).copied();
        }
    }
    any.then_some(sockets)
}

fn owners(own: &[i32]) -> BTreeMap<u64, i32> {
    let mut owners = BTreeMap::new();
    for pid in own {
        let Ok(fds) = fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        for fd in fds.filter_map(Result::ok) {
            let Ok(target) = fs::read_link(fd.path()) else { continue };
            let inode = target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']'));
            if let Some(inode) = inode.and_then(|text| text.parse().ok()) {
                owners.entry(inode).or_insert(*pid);
            }
        }
    }
    owners
}

fn parse(line: &str, proto: Protocol) -> Option<Socket> {
    let fields: Vec<_> = line.split_ascii_whitespace().collect();
    let (addr, port) = address(fields.get(1)?)?;
    let (_, peer) = address(fields.get(2)?)?;
    let state = u8::from_str_radix(fields.get(3)?, 16).ok()?;
    let listening = match proto {
        // TCP_LISTEN; TCP_CLOSE is what an unconnected UDP socket shows.
        Protocol::Tcp | Protocol::Tcp6 => state == 10,
        Protocol::Udp | Protocol::Udp6 => state == 7 && peer == 0,
    };
    Some(Socket { proto, addr, port, listening, inode: fields.get(9)?.parse().ok()?, owner: None })
}

/// An address as the kernel prints it: each 32-bit word of it in the machine's byte order.
fn address(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |text: &str| u32::from_str_radix(text, 16).ok().map(u32::to_ne_bytes);
    let ip = match address.len() {
        8 => IpAddr::from(Ipv4Addr::from(word(address)?)),
        32 if address.is_ascii() => {
            let mut bytes = [0; 16];
            for (index, chunk) in bytes.chunks_mut(4).enumerate() {
                chunk.copy_from_slice(&word(address.get(index * 8..index * 8 + 8)?)?);
            }
            IpAddr::from(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    Some((ip, port))
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel_are_read() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0";
        let socket = parse(line, Protocol::Tcp).unwrap();
        assert_eq!((socket.addr.to_string().as_str(), socket.port), ("127.0.0.1", 8080));
        assert!(socket.listening && socket.inode == 4242);
        let line = "   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 07 0:0 00:0 0 0 0 7 1";
        let socket = parse(line, Protocol::Udp6).unwrap();
        assert_eq!((socket.addr.to_string().as_str(), socket.port, socket.listening), ("::1", 80, true));
    }

    #[test]
    fn anything_else_is_passed_over() {
        for line in ["", "x", "0: é:1 0:0 0A", "0: 0100007F:1F90 00000000:0000 ZZ", "0: 0100007F 00000000"] {
            assert_eq!(parse(line, Protocol::Tcp), None, "{line}");
        }
    }
}
