//! Every reader bears damaged bytes, and the readers of SBOMs tell valid from invalid.

use seaworthy_packages::{
    Source, apk, auditable, deb, dotnet, go, java, lockfile, npm, php, programs, purl::Purl, python, r, rpm,
    ruby, sbom,
};

const CYCLONEDX: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"library","bom-ref":"a","name":"left-pad","version":"1.0.0","purl":"pkg:npm/left-pad@1.0.0","licenses":[{"license":{"id":"MIT"}}]}]}"#;
const SPDX: &str = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: x\nDocumentNamespace: https://example.invalid/x\nCreator: Tool: t\nCreated: 2026-01-01T00:00:00Z\n\nPackageName: libc6\nSPDXID: SPDXRef-a\nPackageVersion: 2.36\nPackageDownloadLocation: NOASSERTION\nPackageSourceInfo: <text>built from glibc 2.35; found in /var/lib/dpkg/status (layer 0)</text>\nExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libc6@2.36?arch=amd64&distro=debian-12\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a\n";

/// Hands bytes to every reader.
fn all(bytes: &[u8]) {
    let source = Source { path: "/a/specifications/x", layer: 0, bytes, distribution: None };
    let _ =
        (deb::status(&source), deb::copyright(bytes), deb::list(bytes).count(), deb::md5sums(bytes).count());
    let _ =
        (apk::installed(&source), rpm::database(&source), python::metadata(&source), python::conda(&source));
    let _ = (python::record(bytes, "a/b").count(), npm::package_json(&source), npm::hidden_lock(bytes));
    let _ = (ruby::gemspec(&source), php::installed(&source), dotnet::deps(&source), r::description(&source));
    let _ = (java::archive(&source), go::information(&source), go::length(bytes), auditable::crates(&source));
    let _ = (
        programs::java_release(&source),
        programs::go_toolchain(&source),
        sbom::read(bytes),
        sbom::check(bytes),
    );
    let text = String::from_utf8_lossy(bytes);
    let _ = (Purl::parse(&text), Purl::parse_lenient(&text));
    for name in
        ["package-lock.json", "Cargo.lock", "go.sum", "requirements.txt", "composer.lock", "Gemfile.lock"]
    {
        let _ = lockfile::read(name, &text);
    }
    for name in ["python3.11", "node", "mariadbd", "libcrypto.so.3"] {
        if let Some(program) = programs::program(name.as_bytes()) {
            let _ = program.version(bytes, name.as_bytes());
        }
    }
}

#[test]
fn damaged_bytes_are_borne() {
    let mut seeds: Vec<Vec<u8>> = [
        CYCLONEDX,
        SPDX,
        "Package: a\nVersion: 1\nSource: b (2)\nDepends: c | d\n\n",
        "P:a\nV:1\nF:x\nR:y\np:so:z=1\n\n",
        "Name: a\nVersion: 1\nRequires-Dist: b; extra == 'x'\n\nbody",
        "# stub: a 1 ruby lib\n  s.licenses = [\"MIT\".freeze]\n",
        "pkg:npm/%40a/b@1?c=d#e/f",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    // The beginnings of the binary formats, with numbers that lead far.
    let mut sqlite = b"SQLite format 3\0\x10\0\x01\x01\0".to_vec();
    sqlite.resize(100, 0xff);
    sqlite.extend([0x0d, 0, 0, 0, 1, 0, 0, 0, 0, 108]);
    sqlite.resize(8192, 0xff);
    let mut ndb = b"RpmP\0\0\0\0\x01\0\0\0\xff\0\0\0".to_vec();
    ndb.resize(32, 0);
    ndb.extend(b"Slot\x01\0\0\0\x02\0\0\0\xff\xff\xff\xff");
    ndb.resize(4096, 0);
    let mut bdb = vec![0; 512];
    bdb[12..16].copy_from_slice(&0x0006_1561_u32.to_le_bytes());
    bdb[20..24].copy_from_slice(&512_u32.to_le_bytes());
    bdb[32..36].copy_from_slice(&3_u32.to_le_bytes());
    bdb.extend([0; 20].into_iter().chain([4, 0, 0, 0, 0, 13, 30, 0, 40, 0, 50, 0, 60, 0]));
    bdb.resize(2048, 3);
    let mut zip = b"PK\x01\x02".to_vec();
    zip.resize(60, 0xff);
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x3c\0\0\0\0\0\0\0\0\0");
    seeds.extend([sqlite, ndb, bdb, zip]);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for seed in &seeds {
        all(seed);
        for cut in (0..seed.len()).step_by(seed.len() / 40 + 1) {
            all(&seed[..cut]);
            let mut other = seed.clone();
            for _ in 0..4 {
                // xorshift: the same every time.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = usize::try_from(state % other.len() as u64).unwrap();
                other[at] = u8::try_from(state >> 56).unwrap();
            }
            all(&other);
        }
    }
    all("[".repeat(100_000).as_bytes());
}

#[test]
fn boms_are_read_and_checked() {
    assert_eq!(sbom::check(CYCLONEDX.as_bytes()), Ok(Vec::new()));
    let bom = sbom::read(CYCLONEDX.as_bytes()).unwrap();
    assert_eq!(
        (bom.packages[0].name.as_str(), bom.packages[0].license.as_deref()),
        ("left-pad", Some("MIT"))
    );
    for (from, to, reason) in [
        ("\"library\"", "\"foo\"", "components[0].type"),
        ("\"MIT\"", "\"MIT-ish\"", "components[0].licenses"),
        ("\"version\":1", "\"version\":0", "version"),
        ("\"bom-ref\":\"a\"", "\"bom-ref\":\"\"", "components[0].bom-ref"),
        ("\"purl\"", "\"pur\"", "`pur` is not allowed"),
    ] {
        let problems = sbom::check(CYCLONEDX.replace(from, to).as_bytes()).unwrap();
        assert!(problems.iter().any(|problem| problem.contains(reason)), "{reason}: {problems:?}");
    }
    assert!(sbom::check(b"{}").is_err());
    assert!(sbom::check(br#"{"bomFormat":"CycloneDX","specVersion":"9.0"}"#).is_err());

    assert_eq!(sbom::check(SPDX.as_bytes()), Ok(Vec::new()));
    let bom = sbom::read(SPDX.as_bytes()).unwrap();
    let libc = &bom.packages[0];
    assert_eq!((libc.source_name(), libc.source_version()), ("glibc", "2.35"));
    assert_eq!((libc.evidence.as_str(), libc.arch.as_str()), ("/var/lib/dpkg/status", "amd64"));
    assert_eq!(
        bom.distribution.as_ref().map(seaworthy_facts::DistributionFact::qualifier).as_deref(),
        Some("debian-12")
    );
    assert!(!sbom::check(SPDX.replace("SPDXRef-a\n", "SPDXRef-ä\n").as_bytes()).unwrap().is_empty());
}

#[test]
fn an_image_and_its_sbom_are_compared() {
    let bom = sbom::read(CYCLONEDX.as_bytes()).unwrap();
    let mut image = bom.packages.clone();
    assert!(sbom::compare(&bom, &image).holds());
    image[0].version = "1.0.1".to_owned();
    let result = sbom::compare(&bom, &image);
    assert_eq!(result.versions, [("left-pad".to_owned(), "1.0.1".to_owned(), "1.0.0".to_owned())]);
    image.clear();
    assert_eq!(sbom::compare(&bom, &image).invented.len(), 1);
}

#[test]
fn modules_of_go_with_a_subpath_are_one_name() {
    let text = r#"{"artifacts":[{"id":"1","name":"github.com/Masterminds/semver/v3","version":"v3.3.0","type":"go-module","purl":"pkg:golang/github.com/Masterminds/semver@v3.3.0#v3"}],"schema":{"version":"16"}}"#;
    let bom = sbom::read(text.as_bytes()).unwrap();
    assert_eq!(bom.packages[0].name, "github.com/Masterminds/semver/v3");
}
