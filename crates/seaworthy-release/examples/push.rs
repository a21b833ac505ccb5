//! The raw push, for benchmarks: `push LAYOUT HOST/NAME:TAG` sends the only image of a layout.

use seaworthy_release::push;
use seaworthy_store::Layout;
use std::error::Error;
use std::io::Write as _;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("usage: push LAYOUT HOST/NAME:TAG".into());
    };
    let layout = Layout::open(path)?;
    let image = layout.resolve(None)?;
    let sent = push(&layout, &image, &name.parse()?, &seaworthy_registry::Options::default())?;
    writeln!(std::io::stdout(), "{} blobs, {} bytes sent, {} present", sent.sent, sent.bytes, sent.present)?;
    Ok(())
}
