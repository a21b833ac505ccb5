//! What BuildKit makes of a Dockerfile before and after its safe fixes: the same configuration and the same files,
//! except for what the fix says it changes.

use crate::support::{Ran, program, seaworthy, skipped};
use seaworthy_build::docker::{DockerOptions, build, find_buildx};
use seaworthy_oci::{Digest, Source};
use seaworthy_store::UnpackOptions;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

/// A system of one program, with package managers that only make what they are known to leave behind.
const BASE: &str = r#"FROM scratch AS system
COPY busybox /bin/busybox
COPY busybox /bin/sh
RUN busybox --install -s /bin; mkdir -p /tmp /var/log /var/lib/apt/lists /var/cache/apt /etc
COPY --chmod=755 tools/ /usr/bin/
COPY passwd /etc/passwd
ENV PATH=/usr/bin:/bin
"#;

/// The end of a Dockerfile after [`BASE`], and the files that a fix says it takes away, by the start of their paths.
const CASES: &[(&str, &[&str])] = &[
    ("FROM system\nADD a.txt /srv/\nADD dir /srv/dir\n", &[]),
    ("FROM system\nADD --chown=7:8 --chmod=600 a.txt b.txt /srv/\n", &[]),
    ("FROM system\nMAINTAINER Some Body <somebody@example.invalid>\n", &[]),
    ("FROM system\nMAINTAINER \"Quoted\" 'and $more'\n", &[]),
    ("FROM system\nENV  A 1\nENV B two words\nENV C \"quoted\" rest\n", &[]),
    ("FROM system\nENV A \\\n  spread\nENV P $PATH:/opt\nLABEL a b\nLABEL c \"d e\" f\n", &[]),
    ("FROM system\nENV WIN C:\\\\dir\nENV TRAIL x   \nENV HASH a # b\n", &[]),
    ("FROM system\nCMD [\"a\"]\nCMD [\"b\", \"c\"]\n", &[]),
    ("FROM system\nENTRYPOINT [\"a\"]\nUSER 1\nENTRYPOINT [\"b\"]\nCMD [\"x\"]\n", &[]),
    ("FROM system\nHEALTHCHECK CMD a\nHEALTHCHECK --interval=5s CMD b\n", &[]),
    ("FROM system\nRUN echo a > /a && \\\n\n    echo b > /b && \\\n\n\n    echo c > /c\n", &[]),
    ("FROM system\nRUN echo a > /a; \\\n# a comment\n\n    echo b > /b\n", &[]),
    ("FROM system\nENV A=1 \\\n\n    B=2\nLABEL x=y \\\n\n z=w\n", &[]),
    ("from system\nrun echo a > /a\nCopy a.txt /x\nworkdir /w\nexpose 80/TCP\n", &[]),
    ("FROM system\nrun echo a > /a\nCOPY a.txt /x\n", &[]),
    ("FROM system as Last\nCOPY a.txt /x\n", &[]),
    ("FROM system As mid\nRUN echo a > /m\nfrom system as end\nCOPY --from=mid /m /n\n", &[]),
    (
        "FROM system AS one\nRUN echo a > /m\nFROM system\nCOPY --from=0 /bin/busybox /n\nCOPY --from=one /m /m\n",
        &[],
    ),
    ("FROM system AS one\nRUN echo a > /m\nFROM system\nCOPY --from=1 /m /m\n", &[]),
    ("FROM --platform=$TARGETPLATFORM system\nCOPY a.txt /x\n", &[]),
    ("FROM system\nEXPOSE 80/TCP 53/Udp\nEXPOSE 8080:80\n", &[]),
    // BuildKit makes a file of it, whose content is that of the last one: a fix would be one of the image, too.
    ("FROM system\nCOPY a.txt b.txt /srv\n", &[]),
    (
        "FROM system\nRUN apt-get update && apt-get install -y --no-install-recommends curl\n",
        &["/var/lib/apt/lists/", "/var/cache/apt/"],
    ),
    (
        "FROM system\nRUN apt-get update && \\\n    apt-get install -y --no-install-recommends \\\n      curl \\\n      git\n",
        &["/var/lib/apt/lists/", "/var/cache/apt/"],
    ),
    (
        "FROM system\nRUN apt-get update && apt-get install --no-install-recommends curl && rm -rf /var/lib/apt/lists/*\n",
        &[],
    ),
    ("FROM system\nRUN apk add curl\nRUN apk update && apk add git\n", &["/var/cache/apk/"]),
    ("FROM system\nRUN yum install curl && yum clean all\n", &[]),
    ("FROM system\nRUN dnf -y install curl\nRUN zypper install curl && zypper clean\n", &["/var/cache/"]),
    ("FROM system\nRUN apt update && apt install -y curl && rm -rf /var/lib/apt/lists/*\n", &[]),
    ("FROM system\nENV DEBIAN_FRONTEND=noninteractive\nRUN useradd -u 1999999 somebody\n", &["/var/log/"]),
    ("FROM system\nRUN pip install flask==1.0 && npm install\n", &["/root/"]),
    ("FROM system\nRUN apk add --update git\n", &["/var/cache/apk/"]),
    (
        "FROM system AS one\nRUN echo a > /m\nFROM system AS two\nRUN echo b > /n\nFROM system\nCOPY --from=1 /m /m\nCOPY --from=2 /n /n\n",
        &[],
    ),
    ("FROM system\nADD a.txt b.txt dir /srv/\n", &[]),
    ("FROM system\nEXPOSE 53/UDP 8000-8002/Tcp\n", &[]),
    ("FROM system\nLABEL one 1\nLABEL two \"2 3\"\nENV PATHS /a:/b\n", &[]),
    ("FROM system\nCMD a\nCMD b c\nENTRYPOINT [\"/bin/sh\", \"-c\"]\n", &[]),
    ("FROM --platform=${TARGETPLATFORM} system AS a\nRUN echo a > /m\nFROM a\nCOPY a.txt /x\n", &[]),
    (
        "FROM system\nRUN dnf install curl && dnf clean all && microdnf install git && microdnf clean all\n",
        &["/var/cache/"],
    ),
    ("FROM system\nRUN zypper install curl\n", &["/var/cache/"]),
    ("FROM system\nRUN useradd -u 2000000000 somebody && echo a > /a\n", &["/var/log/"]),
    ("FROM system\nWORKDIR /srv\nADD dir .\nADD [\"a.txt\", \"/b.txt\"]\n", &[]),
    (
        "from system as build\nrun echo a > /a\nfrom system\ncopy --from=build /a /a\nworkdir /w\nCMD [\"a\"]\n",
        &[],
    ),
    ("FROM system\nENV A=1 \\\n\n    B=2\nRUN echo $A \\\n\n      $B > /ab\n", &[]),
];

/// Everything an image is, as far as a container can tell.
#[derive(Debug, PartialEq)]
struct Built {
    config: Value,
    files: BTreeMap<String, String>,
}

fn built(home: &Path, dockerfile: &Path) -> Result<Built, String> {
    let layout = home.join("layout");
    let _ = fs::remove_dir_all(&layout);
    let options = DockerOptions {
        dockerfile,
        context: &home.join("context"),
        target: None,
        build_args: &BTreeMap::new(),
        platform: None,
        bases: &BTreeMap::new(),
        base_directory: home,
        secrets: &[],
        git: None,
        source_date_epoch: Some(1_700_000_000),
        no_cache: false,
        layout: &layout,
        tag: "built",
        cancelled: Some(&AtomicBool::new(false)),
    };
    build(&options, &mut |_| {})
        .map_err(|error| format!("{error}: {}", error.output().unwrap_or_default()))?;
    let source = Source::Layout { path: layout, reference: Some("built".to_owned()) };
    let image = seaworthy_store::open(&source, None).unwrap();
    let mut config: Value = serde_json::from_slice(&image.config_bytes).unwrap();
    for name in ["history", "rootfs", "created"] {
        config.as_object_mut().unwrap().remove(name);
    }
    let root = home.join("root");
    let _ = fs::remove_dir_all(&root);
    let _ = fs::remove_file(home.join("root.unpacked.json"));
    seaworthy_store::unpack(&image, &root, &UnpackOptions::default()).unwrap();
    let mut files = BTreeMap::new();
    walk(&root, &root, &mut files);
    Ok(Built { config, files })
}

/// Path, mode, owner and content of every file.
fn walk(root: &Path, dir: &Path, out: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let meta = fs::symlink_metadata(&path).unwrap();
        let content = if meta.is_symlink() {
            fs::read_link(&path).unwrap().display().to_string()
        } else if meta.is_file() {
            Digest::of(&fs::read(&path).unwrap()).to_string()
        } else {
            String::new()
        };
        let name = format!("/{}", path.strip_prefix(root).unwrap().display());
        out.insert(name, format!("{:o} {}:{} {content}", meta.mode(), meta.uid(), meta.gid()));
        if meta.is_dir() {
            walk(root, &path, out);
        }
    }
}

fn write(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The files of every build.
fn context(dir: &Path, busybox: &Path) {
    fs::create_dir_all(dir).unwrap();
    fs::copy(busybox, dir.join("busybox")).unwrap();
    write(dir.join("a.txt"), "a\n");
    write(dir.join("b.txt"), "b\n");
    write(dir.join("dir/c.txt"), "c\n");
    write(dir.join("passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    // Each leaves what the real one does: lists after an update, a cache after an installation. Without the answer on
    // the command line the asking ones do as on a terminal that says yes.
    let leaves = |update: &str, install: &str| {
        format!(
            "#!/bin/sh\ncase \" $* \" in *' update '*) {update};; esac\ncase \" $* \" in *' install '*|*' add '*) {install};; esac\nexit 0\n"
        )
    };
    let apt = leaves("echo list > /var/lib/apt/lists/x", "echo installed > /installed");
    write(dir.join("tools/apt-get"), &apt);
    write(dir.join("tools/apt"), &apt);
    let apk = "#!/bin/sh\ncase \" $* \" in *' --no-cache '*) ;; *) mkdir -p /var/cache/apk; echo x > /var/cache/apk/x;; esac\necho installed > /installed\n";
    write(dir.join("tools/apk"), apk);
    for name in ["yum", "dnf", "zypper", "microdnf"] {
        let text = format!(
            "#!/bin/sh\ncase \" $* \" in *' clean '*) rm -rf /var/cache/{name};; *) mkdir -p /var/cache/{name}; echo x > /var/cache/{name}/x; echo installed > /installed;; esac\n"
        );
        write(dir.join("tools").join(name), &text);
    }
    write(
        dir.join("tools/useradd"),
        "#!/bin/sh\necho \"somebody:x:1999999:1999999::/home/somebody:/bin/sh\" >> /etc/passwd\ncase \" $* \" in *' -l '*|*' --no-log-init '*) ;; *) echo x > /var/log/lastlog;; esac\n",
    );
    write(
        dir.join("tools/pip"),
        "#!/bin/sh\ncase \" $* \" in *' --no-cache-dir '*) ;; *) mkdir -p /root/.cache/pip; echo x > /root/.cache/pip/x;; esac\necho installed > /installed\n",
    );
    write(dir.join("tools/npm"), "#!/bin/sh\nexit 0\n");
}

#[test]
fn safe_fixes_do_not_change_the_image() {
    if let Err(error) = find_buildx() {
        return skipped(&error.to_string());
    }
    if seaworthy_engine::Engine::connect().is_err() {
        return skipped("no Docker Engine answers");
    }
    let Some(busybox) = program("busybox") else { return skipped("no busybox") };
    let is_static =
        Command::new(&busybox).arg("true").env_clear().status().is_ok_and(|status| status.success())
            && !String::from_utf8_lossy(&fs::read(&busybox).unwrap()).contains("/ld-linux");
    if !is_static {
        return skipped("busybox is not linked statically");
    }
    let home = tempfile::tempdir().unwrap();
    context(&home.path().join("context"), &busybox);
    let (mut changed, mut rules) = (0, std::collections::BTreeSet::new());
    for (number, (text, may_go)) in CASES.iter().enumerate() {
        let dir = home.path().join(number.to_string());
        let file = dir.join("Dockerfile");
        let text = format!("{BASE}{text}");
        write(file.clone(), &text);
        let args = ["check", "--no-config", "--fix", "--persona", "auditor", "--exit-zero"];
        let ran = Ran::from(seaworthy().args(args).arg(&dir).output().unwrap()).expect(0);
        let fixed = fs::read_to_string(&file).unwrap();
        if fixed == text {
            println!("nothing to fix in {}", CASES[number].0.escape_debug());
            continue;
        }
        changed += 1;
        rules.extend(
            ran.stderr
                .lines()
                .filter_map(|line| Some(line.split_once("Dockerfile: ")?.1.split_once(':')?.0.to_owned())),
        );
        let old = dir.join("old.Dockerfile");
        fs::write(&old, &text).unwrap();
        let before = built(home.path(), &old).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let after =
            built(home.path(), &file).unwrap_or_else(|error| panic!("after the fixes: {error}\n{fixed}"));
        let mut wanted = before.config;
        if text.contains("MAINTAINER") {
            // The label takes the place of the field, as the fix says.
            let author = wanted.as_object_mut().unwrap().remove("author").unwrap();
            wanted["config"]["Labels"]["org.opencontainers.image.authors"] = author;
        }
        let mut config = after.config;
        config.as_object_mut().unwrap().remove("author");
        assert_eq!(wanted, config, "\n--- before\n{text}\n--- after\n{fixed}");
        let differs: Vec<&String> = before
            .files
            .iter()
            .filter(|(path, what)| after.files.get(*path) != Some(*what))
            .map(|(path, _)| path)
            .chain(after.files.keys().filter(|path| !before.files.contains_key(*path)))
            .filter(|path| !may_go.iter().any(|start| format!("{path}/").starts_with(start)))
            .collect();
        assert!(differs.is_empty(), "{differs:?} differ\n--- before\n{text}\n--- after\n{fixed}");
    }
    println!("{changed} Dockerfiles built before and after their fixes; rules: {rules:?}");
    assert!(changed >= 30 && rules.len() >= 12, "{changed} changed by {rules:?}");
}
