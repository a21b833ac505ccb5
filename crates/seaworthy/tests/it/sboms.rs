//! SBOMs of an image: what the formats' own judges say of them, merged with what a build knew, attached to the image,
//! and held against it again.

use crate::judges::{Registry, content, refuses, with_password};
use crate::looking::{Files, image};
use crate::support::{Ran, corpus, program, run, skipped};
use seaworthy_oci::Digest;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const STATUS: &[u8] = b"Package: libc6\nStatus: install ok installed\nSource: glibc\nVersion: 2.36-9+deb12u1\nArchitecture: amd64\n\nPackage: libssl3\nStatus: install ok installed\nSource: openssl (3.0.9-1)\nVersion: 3.0.9-1+b1\nArchitecture: amd64\nDepends: libc6 (>= 2.34)\n";
const RELEASE: &[u8] = b"ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
/// The head of a program for 64-bit x86 that is nothing but its head.
const PROGRAM: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\x38\0\0\0\x40\0\0\0\0\0";
const ODD: &[u8] =
    br#"{"name": "@scope/p<k>g", "version": "1.0.0-b\u00e9ta+1", "license": "SEE LICENSE IN \"x\""}"#;
const MINIMIST: &[u8] = br#"{"name": "minimist", "version": "0.0.8", "license": "MIT"}"#;
const METADATA: &[u8] = b"Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.1.2\nLicense: BSD\n";
const BASE: Files<'_> = &[("etc/os-release", RELEASE, 0o644, 0), ("var/lib/dpkg/status", STATUS, 0o644, 0)];
const APP: Files<'_> = &[
    ("app/run", PROGRAM, 0o755, 0),
    ("app/node_modules/minimist/package.json", MINIMIST, 0o644, 0),
    ("app/node_modules/@scope/p<k>g/package.json", ODD, 0o644, 0),
    ("usr/lib/python3.11/site-packages/Jinja2-3.1.2.dist-info/METADATA", METADATA, 0o644, 0),
];

struct Place {
    dir: TempDir,
    image: String,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let image = image(&dir.path().join("image"), &[BASE, APP], &[]);
        Self { dir, image }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }

    fn sbom(&self, form: &str, name: &str) -> &Self {
        run(&["sbom", &self.image, "--format", form, "--output", &self.text(name), "--no-config"]).expect(0);
        self
    }
}

#[test]
fn the_judges_of_the_formats_accept_every_form() {
    let place = Place::new();
    place.sbom("spdx", "a.spdx.json").sbom("spdx-tag-value", "a.spdx");
    place.sbom("cyclonedx", "a.cdx.json").sbom("cyclonedx-1.5", "b.cdx.json");
    let home = place.dir.path();
    match program("pyspdxtools") {
        None => skipped("no pyspdxtools (PyPI spdx-tools)"),
        Some(judge) => {
            for file in ["a.spdx.json", "a.spdx"] {
                content(home, &judge, &["--infile", &place.text(file)]);
            }
            let broken = fs::read_to_string(place.path("a.spdx"))
                .unwrap()
                .replace("SPDXRef-image CONTAINS", "CONTAINS");
            fs::write(place.path("broken.spdx"), broken).unwrap();
            refuses(home, &judge, &["--infile", &place.text("broken.spdx")]);
        }
    }
    let (Some(corpus), Some(checker)) = (corpus(), program("check-jsonschema")) else {
        return skipped("no corpus, or no check-jsonschema");
    };
    for (file, version) in [("a.cdx.json", "1.6"), ("b.cdx.json", "1.5")] {
        assert_eq!(place.json(file)["specVersion"], version);
        let schema = corpus.join(format!("sbom/cyclonedx/schema/bom-{version}.schema.json"));
        let base = format!("file://{}", schema.display());
        let args = ["--base-uri", &base, "--schemafile", schema.to_str().unwrap(), &place.text(file)];
        content(home, &checker, &args);
    }
    // The same image gives the same bytes.
    place.sbom("cyclonedx", "again.cdx.json");
    assert_eq!(fs::read(place.path("a.cdx.json")).unwrap(), fs::read(place.path("again.cdx.json")).unwrap());
}

#[test]
fn what_a_build_knew_is_merged_and_marked() {
    let place = Place::new();
    let build = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [
        {"type": "library", "name": "jinja2", "version": "3.1.2", "purl": "pkg:pypi/jinja2@3.1.2",
         "hashes": [{"alg": "SHA-256", "content": "a".repeat(64)}]},
        {"type": "library", "name": "inlined", "version": "2.0.0", "purl": "pkg:npm/inlined@2.0.0",
         "licenses": [{"license": {"id": "ISC"}}]}]});
    fs::write(place.path("build.json"), build.to_string()).unwrap();
    let merged = ["sbom", &place.image, "--merge", &place.text("build.json"), "--no-config", "--format"];
    for (form, name) in [("spdx", "m.spdx.json"), ("cyclonedx", "m.cdx.json"), ("spdx-tag-value", "m.spdx")] {
        let ran = run(&[&merged[..], &[form, "--output", &place.text(name)]].concat()).expect(0);
        assert!(ran.stderr.contains("1 packages are in the image, 1 are only stated"), "{}", ran.stderr);
        // What the image does not show is no part of it.
        let ran = run(&["sbom", &place.image, "--verify", &place.text(name), "--no-config"]).expect(1);
        assert!(ran.stdout.contains("1 invented: in the SBOM, not in the image"), "{}", ran.stdout);
        assert!(
            ran.stdout.contains("pkg:npm/inlined@2.0.0") && ran.stdout.contains("5 packages agree"),
            "{}",
            ran.stdout
        );
    }
    let document = place.json("m.cdx.json").to_string();
    assert!(document.contains("stated by a merged SBOM, not found in the image"), "{document}");
    assert!(document.contains(&"a".repeat(64)) && document.contains("ISC"), "{document}");
    let invalid = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "thing", "name": "x"}]});
    fs::write(place.path("build.json"), invalid.to_string()).unwrap();
    let ran = run(&[&merged[..], &["spdx"]].concat()).expect(2);
    assert!(
        ran.stderr.contains("no valid CycloneDX JSON 1.6") && ran.stderr.contains("\"thing\""),
        "{}",
        ran.stderr
    );
}

/// An SBOM that is wrong in every way: a package too few, one too many, and one in another version.
fn wrong(right: &Value) -> Value {
    let mut document = right.clone();
    let components = document["components"].as_array_mut().unwrap();
    components.retain(|one| one["name"] != "minimist");
    for one in components.iter_mut().filter(|one| one["name"] == "libc6") {
        let purl = one["purl"].as_str().unwrap().replace("deb12u1", "deb12u9");
        one["version"] = json!("2.36-9+deb12u9");
        one["purl"] = json!(purl);
    }
    components.push(
        json!({"type": "library", "name": "left-pad", "version": "1.0.0", "purl": "pkg:npm/left-pad@1.0.0"}),
    );
    document
}

#[track_caller]
fn lists_everything(ran: &Ran) {
    for part in [
        "1 missing: in the image, not in the SBOM",
        "pkg:npm/minimist@0.0.8 (/app/node_modules/minimist/package.json)",
        "1 invented: in the SBOM, not in the image",
        "pkg:npm/left-pad@1.0.0",
        "libc6: 2.36-9+deb12u1 in the image, 2.36-9+deb12u9 in the SBOM",
        "3 packages agree",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
}

#[test]
fn an_sbom_is_held_against_its_image() {
    let place = Place::new();
    place.sbom("cyclonedx", "right.json").sbom("spdx-tag-value", "right.spdx");
    let verify = |name: &str, args: &[&str]| {
        run(&[&["sbom", &place.image, "--no-config", "--verify", &place.text(name)], args].concat())
    };
    let ran = verify("right.json", &[]).expect(0);
    assert!(ran.stdout.contains("5 packages agree"), "{}", ran.stdout);
    verify("right.spdx", &[]).expect(0);
    fs::write(place.path("wrong.json"), wrong(&place.json("right.json")).to_string()).unwrap();
    lists_everything(&verify("wrong.json", &[]).expect(1));
    let ran = verify("wrong.json", &["--format", "json"]).expect(1);
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&value["holds"], &value["agree"]), (&json!(false), &json!(3)));
    assert_eq!(value["invented"], json!(["pkg:npm/left-pad@1.0.0"]));
    // About another image, even a right one is not this one's.
    let mut other = place.json("right.json");
    let digest = format!("sha256:{}", "0".repeat(64));
    let component = &mut other["metadata"]["component"];
    component["purl"] = json!(format!("pkg:oci/image@{digest}"));
    component["version"] = json!(digest);
    fs::write(place.path("other.json"), other.to_string()).unwrap();
    let ran = verify("other.json", &[]).expect(1);
    assert!(ran.stdout.contains("it is about another image"), "{}", ran.stdout);
}

/// What is published carries its SBOM; what others attach is judged, too.
#[test]
fn an_attached_sbom_is_found_where_it_is_attached() {
    let place = Place::new();
    let layout = format!("oci:{}", place.text("published"));
    run(&["publish", &place.image, &layout, "--no-config", "--exit-zero"]).expect(0);
    let ran = run(&["sbom", &layout, "--verify", "attached", "--no-config"]).expect(0);
    assert!(ran.stdout.contains("which nobody signed for, (SPDX JSON)"), "{}", ran.stdout);
    assert!(ran.stdout.contains("5 packages agree"), "{}", ran.stdout);
    let ran = run(&["sbom", &place.image, "--verify", "attached", "--no-config"]).expect(1);
    assert!(ran.stderr.contains("no SBOM is attached to"), "{}", ran.stderr);
    let archive = format!("docker-archive:{}", place.text("none.tar"));
    run(&["sbom", &archive, "--verify", "attached", "--no-config"]).expect(2);

    let (Some(server), Some(oras), Some(crane)) =
        (program("docker-registry"), program("oras"), program("crane"))
    else {
        return skipped("needs docker-registry, oras and crane");
    };
    let registry = Registry::start(&server);
    let home = place.dir.path();
    let name = format!("{}:1", registry.named("bare"));
    content(home, &crane, &["push", "--insecure", &place.text("image"), &name]);
    let verify =
        |args: &[&str]| run(&[&["sbom", &name, "--verify", "attached", "--no-config"], args].concat());
    verify(&[]).expect(1);
    place.sbom("cyclonedx", "right.json");
    fs::write(place.path("wrong.json"), wrong(&place.json("right.json")).to_string()).unwrap();
    let kind = "application/vnd.cyclonedx+json";
    let attach = ["attach", "--plain-http", "--artifact-type", kind, &name];
    content(home, &oras, &[&attach[..], &[&format!("wrong.json:{kind}")]].concat());
    lists_everything(&verify(&[]).expect(1));
    // With a key only what it attests counts: nothing yet, then what cosign attests.
    with_password(&["keygen", &place.text("own")]).expect(0);
    let key = place.text("own.pub");
    let ran = verify(&["--key", &key]).expect(1);
    assert!(ran.stderr.contains("no SBOM is attested"), "{}", ran.stderr);
    let Some(cosign) = program("cosign") else { return skipped("no cosign") };
    offline(home);
    let digest = content(home, &crane, &["digest", "--insecure", &name]).trim().to_owned();
    let pinned = format!("{}@{digest}", registry.named("bare"));
    let (private, right) = (place.text("own.key"), place.text("right.json"));
    let attest = [
        "attest",
        "--yes",
        "--signing-config",
        "sc.json",
        "--trusted-root",
        "tr.json",
        "--type",
        "cyclonedx",
    ];
    content(home, &cosign, &[&attest[..], &["--key", &private, "--predicate", &right, &pinned]].concat());
    let ran = verify(&["--key", &key]).expect(0);
    assert!(ran.stdout.contains("the attested SBOM (CycloneDX JSON)"), "{}", ran.stdout);
    let said =
        ["verify-attestation", "--insecure-ignore-tlog=true", "--type", "cyclonedx", "--key", &key, &pinned];
    content(home, &cosign, &said);
}

/// Cosign's settings for a machine without its services.
fn offline(home: &Path) {
    for (name, kind) in [("sc.json", "signingconfig.v0.2+json"), ("tr.json", "trustedroot+json;version=0.1")]
    {
        let text = json!({ "mediaType": format!("application/vnd.dev.sigstore.{kind}") }).to_string();
        fs::write(home.join(name), text).unwrap();
    }
}

/// As BuildKit exports with `--sbom=true`: an index of the image, and of a manifest whose layer is the statement.
#[test]
fn the_attestation_that_buildkit_puts_beside_an_image_is_found() {
    let place = Place::new();
    place.sbom("spdx", "right.json");
    let layout = place.path("image");
    let put = |value: &Value, kind: &str| {
        let bytes = value.to_string();
        let digest = Digest::of(bytes.as_bytes());
        fs::write(layout.join("blobs/sha256").join(digest.hex()), &bytes).unwrap();
        json!({ "mediaType": kind, "digest": digest.to_string(), "size": bytes.len() })
    };
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let mut own = place.json("image/index.json")["manifests"][0].clone();
    own["platform"] = json!({ "architecture": "amd64", "os": "linux" });
    let digest = own["digest"].as_str().unwrap().to_owned();
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
        "subject": [{ "name": "x", "digest": { "sha256": digest.trim_start_matches("sha256:") } }],
        "predicate": place.json("right.json"),
    });
    let mut layer = put(&statement, "application/vnd.in-toto+json");
    layer["annotations"] = json!({ "in-toto.io/predicate-type": "https://spdx.dev/Document" });
    let config = put(&json!({}), "application/vnd.oci.image.config.v1+json");
    let attestation =
        json!({ "schemaVersion": 2, "mediaType": manifest, "config": config, "layers": [layer] });
    let mut beside = put(&attestation, manifest);
    beside["annotations"] =
        json!({ "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest });
    beside["platform"] = json!({ "architecture": "unknown", "os": "unknown" });
    let kind = "application/vnd.oci.image.index.v1+json";
    let index = put(&json!({ "schemaVersion": 2, "mediaType": kind, "manifests": [own, beside] }), kind);
    let top = json!({ "schemaVersion": 2, "mediaType": kind, "manifests": [index] });
    fs::write(layout.join("index.json"), top.to_string()).unwrap();
    let ran = run(&["sbom", &place.image, "--verify", "attached", "--no-config"]).expect(0);
    assert!(ran.stdout.contains("5 packages agree"), "{}", ran.stdout);
}
