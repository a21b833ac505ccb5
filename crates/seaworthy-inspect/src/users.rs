//! Users and groups of the final tree (`passwd(5)`, `group(5)`).

use crate::packages::View;
use seaworthy_facts::{GroupFact, UserFact};

/// Reads `/etc/passwd` and `/etc/group`; lines that do not follow their form are passed over, as the C library does.
pub(crate) fn read(view: &View<'_>) -> (Vec<UserFact>, Vec<GroupFact>) {
    let mut users = view.document("etc/passwd").map(passwd).unwrap_or_default();
    if let Some(bytes) = view.document("etc/shadow") {
        let open = shadow(bytes);
        for user in &mut users {
            user.no_password |= open.contains(&user.name);
        }
    }
    let groups = view.document("etc/group").map(group).unwrap_or_default();
    (users, groups)
}

fn passwd(bytes: &[u8]) -> Vec<UserFact> {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty())?;
            let password = fields.next()?;
            let uid = fields.next()?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            let home = fields.nth(1).unwrap_or_default();
            let shell = fields.next().unwrap_or_default();
            let no_password = password.is_empty();
            Some(UserFact {
                name: name.into(),
                uid,
                gid,
                home: home.into(),
                shell: shell.into(),
                no_password,
            })
        })
        .collect()
}

/// The accounts of `/etc/shadow` whose password is empty (`shadow(5)`): no password is needed to log in.
fn shadow(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(':')?;
            (!name.is_empty() && rest.starts_with(':')).then(|| name.to_owned())
        })
        .collect()
}

fn group(bytes: &[u8]) -> Vec<GroupFact> {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty())?;
            let gid = fields.nth(1)?.parse().ok()?;
            let members = fields.next().unwrap_or_default();
            let members =
                members.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Into::into).collect();
            Some(GroupFact { name: name.into(), gid, members })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_lines_are_passed_over() {
        let users = passwd(b"root:x:0:0:root:/root:/bin/sh\n\nbad\napp:x:10001:10001::/app:\nx:y:z:w\n");
        assert_eq!(users.len(), 2);
        assert_eq!((users[1].uid, users[1].home.as_str(), users[1].shell.as_str()), (10001, "/app", ""));
        let groups = group(b"root:x:0:\nadm:x:4:syslog, app\nnone\n");
        assert_eq!(groups[1].members, ["syslog", "app"]);
        assert_eq!(groups.len(), 2);
    }

    #[test]
    fn only_an_empty_password_opens_an_account() {
        assert_eq!(shadow(b"root::19000:0:99999:7:::\napp:!:1::::::\nx:*:1\n:::\n"), ["root"]);
        assert!(passwd(b"a::1:1::/:/bin/sh\n")[0].no_password);
    }
}
