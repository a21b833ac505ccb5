//! What the program writes, before judges it has no part in: schemas, cosign, crane, skopeo, a registry, SBOM tools.

use crate::support::{copy, corpus, program, repository, run, seaworthy, shipped, shipped_image, skipped};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PASSWORD: &str = "a password";

/// Runs a judge in an empty home, so that no setting of the machine has a say.
fn judge(home: &Path, program: &Path, args: &[&str]) -> Output {
    Command::new(program)
        .args(args)
        .env("HOME", home)
        .env("DOCKER_CONFIG", home)
        .env("COSIGN_PASSWORD", PASSWORD)
        .env_remove("REGISTRY_AUTH_FILE")
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// A judge's standard output; it must be content.
#[track_caller]
pub(crate) fn content(home: &Path, program: &Path, args: &[&str]) -> String {
    let output = judge(home, program, args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{} {args:?}\n{}\n{}",
        program.display(),
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// A judge that must refuse.
#[track_caller]
pub(crate) fn refuses(home: &Path, program: &Path, args: &[&str]) {
    let output = judge(home, program, args);
    assert!(
        !output.status.success(),
        "{} {args:?} was content:\n{}",
        program.display(),
        String::from_utf8_lossy(&output.stdout)
    );
}

/// The program with a key's password.
pub(crate) fn with_password(args: &[&str]) -> crate::support::Ran {
    seaworthy().args(args).env("COSIGN_PASSWORD", PASSWORD).output().unwrap().into()
}

fn read_json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
        .unwrap()
}

fn blob(layout: &Path, digest: &Value) -> PathBuf {
    layout.join("blobs").join(digest.as_str().unwrap().replace(':', "/"))
}

/// A Python that has what the judge of layouts needs.
fn python() -> Option<PathBuf> {
    let beside = program("check-jsonschema").and_then(|file| Some(file.parent()?.join("python3")));
    let found = beside.into_iter().chain(program("python3"));
    found.into_iter().find(|python| {
        let tried = Command::new(python).args(["-c", "import jsonschema"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    })
}

/// The layouts of a `ship`: the image as it was built, and as it was published.
fn layouts() -> [PathBuf; 2] {
    ["image", "published"].map(|name| shipped().join(name))
}

#[test]
fn the_layouts_are_valid() {
    let (Some(corpus), Some(python)) = (corpus(), python()) else {
        return skipped("no corpus, or no Python with jsonschema, to judge layouts");
    };
    let home = tempfile::tempdir().unwrap();
    let script = corpus.join("oci-judge/judge_oci.py");
    for layout in layouts() {
        let said = content(home.path(), &python, &[script.to_str().unwrap(), layout.to_str().unwrap()]);
        assert!(said.contains("valid"), "{said}");
    }
    // The judge does refuse: one byte of the configuration changed.
    let broken = home.path().join("broken");
    copy(&layouts()[0], &broken);
    let index = read_json(&broken.join("index.json"));
    let manifest = read_json(&blob(&broken, &index["manifests"][0]["digest"]));
    let config = blob(&broken, &manifest["config"]["digest"]);
    fs::write(&config, fs::read_to_string(&config).unwrap().replacen("linux", "Linux", 1)).unwrap();
    refuses(home.path(), &python, &[script.to_str().unwrap(), broken.to_str().unwrap()]);
}

#[test]
fn every_document_of_the_layouts_follows_its_schema() {
    let (Some(corpus), Some(checker)) = (corpus(), program("check-jsonschema")) else {
        return skipped("no corpus, or no check-jsonschema");
    };
    let home = tempfile::tempdir().unwrap();
    let folder = corpus.join("oci-schemas");
    let schema = |name: &str| {
        let file = home.path().join(name);
        fs::write(&file, folded(&folder, name).to_string()).unwrap();
        file
    };
    let check = |schema: &Path, document: &Path| {
        let args = [
            "--schemafile",
            schema.to_str().unwrap(),
            "--default-filetype",
            "json",
            document.to_str().unwrap(),
        ];
        judge(home.path(), &checker, &args)
    };
    let follows = |schema: &Path, document: &Path| {
        let output = check(schema, document);
        assert!(
            output.status.success(),
            "{}\n{}",
            document.display(),
            String::from_utf8_lossy(&output.stdout)
        );
    };
    let (layout, index) = (schema("image-layout-schema.json"), schema("image-index-schema.json"));
    let (manifest, config) = (schema("image-manifest-schema.json"), schema("config-schema.json"));
    // The folded schemas still refuse.
    assert!(!check(&manifest, &shipped().join("image/index.json")).status.success());
    let mut seen = 0;
    for place in layouts() {
        follows(&layout, &place.join("oci-layout"));
        follows(&index, &place.join("index.json"));
        let named: BTreeSet<PathBuf> = read_json(&place.join("index.json"))["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| blob(&place, &entry["digest"]))
            .collect();
        for file in named {
            follows(&manifest, &file);
            let parsed = read_json(&file);
            if parsed["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json" {
                follows(&config, &blob(&place, &parsed["config"]["digest"]));
            }
            seen += 1;
        }
    }
    // The image twice; its SBOM, the SBOM's attestation and the signature once.
    assert_eq!(seen, 5);
}

/// One of the image format's schemas with the others folded into it: their `id` would send a validator to the network.
fn folded(folder: &Path, root: &str) -> Value {
    fn fold(node: Value, own: &str) -> Value {
        match node {
            Value::Array(items) => items.into_iter().map(|item| fold(item, own)).collect(),
            Value::Object(map) => map
                .into_iter()
                .filter(|(key, value)| !(key == "id" && value.is_string()))
                .map(|(key, value)| match value.as_str() {
                    Some(target) if key == "$ref" => {
                        let (name, pointer) = target.split_once('#').unwrap_or((target, ""));
                        let name = if name.is_empty() { own } else { name };
                        (key, json!(format!("#/definitions/{name}{pointer}")))
                    }
                    _ => (key, fold(value, own)),
                })
                .collect(),
            other => other,
        }
    }
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let definitions: serde_json::Map<String, Value> = files
        .filter(|file| file.extension().is_some_and(|end| end == "json"))
        .map(|file| {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let schema = fold(read_json(&file), &name);
            (name, schema)
        })
        .collect();
    json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "definitions": definitions,
        "allOf": [{ "$ref": format!("#/definitions/{root}") }],
    })
}

/// A registry on loopback, ended with this value.
pub(crate) struct Registry {
    child: Child,
    port: u16,
    _data: TempDir,
}

impl Registry {
    pub(crate) fn start(program: &Path) -> Self {
        let data = tempfile::tempdir().unwrap();
        // Another process may take the port between the look and the start, so it is tried a few times.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let root = data.path().join("data");
            let config = format!(
                "version: 0.1\nlog: {{level: error}}\nstorage:\n  delete: {{enabled: true}}\n  filesystem: {{rootdirectory: {}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n",
                root.display()
            );
            let file = data.path().join("config.yml");
            fs::write(&file, config).unwrap();
            let quiet = Command::new(program)
                .arg("serve")
                .arg(&file)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let mut child = quiet.unwrap();
            let until = Instant::now() + Duration::from_secs(10);
            while Instant::now() < until && child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Self { child, port, _data: data };
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("docker-registry does not start");
    }

    fn repository(&self) -> String {
        self.named("password-api")
    }

    pub(crate) fn named(&self, name: &str) -> String {
        format!("127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The shipped image in a registry, signed with a key of its own.
struct Published {
    registry: Registry,
    home: TempDir,
    digest: String,
}

impl Published {
    /// `None`, with a line, where the machine has no registry.
    fn new() -> Option<Self> {
        let Some(program) = program("docker-registry") else {
            skipped("no docker-registry");
            return None;
        };
        let registry = Registry::start(&program);
        let home = tempfile::tempdir().unwrap();
        for name in ["ours", "theirs"] {
            with_password(&["keygen", home.path().join(name).to_str().unwrap()]).expect(0);
        }
        let written = home.path().join("digest");
        let to = format!("{}:0.1.0", registry.repository());
        let (key, digest_file) = (home.path().join("ours.key"), written.to_str().unwrap());
        let args =
            ["publish", &shipped_image(), &to, "--key", key.to_str().unwrap(), "--digest-file", digest_file];
        let ran = with_password(&[&args[..], &["--no-config", "--format", "json"]].concat()).expect(0);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(crate::support::failed(&report), Vec::<String>::new(), "{}", ran.stdout);
        let digest = fs::read_to_string(written).unwrap().trim().to_owned();
        let built = read_json(&shipped().join("image/index.json"));
        assert_eq!(built["manifests"][0]["digest"], digest, "what was tested is what is published");
        Some(Self { registry, home, digest })
    }

    fn file(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    fn tagged(&self) -> String {
        format!("{}:0.1.0", self.registry.repository())
    }

    fn pinned(&self) -> String {
        format!("{}@{}", self.registry.repository(), self.digest)
    }
}

#[test]
fn registries_clients_read_what_was_published() {
    let Some(published) = Published::new() else { return };
    let (home, tagged) = (published.home.path(), published.tagged());
    let manifest = fs::read_to_string(blob(&shipped().join("image"), &json!(published.digest))).unwrap();
    match program("crane") {
        None => skipped("no crane"),
        Some(crane) => {
            content(home, &crane, &["validate", "--remote", &tagged]);
            content(home, &crane, &["validate", "--remote", &published.pinned()]);
            assert_eq!(content(home, &crane, &["manifest", &tagged]).trim_end(), manifest);
            assert_eq!(content(home, &crane, &["digest", &tagged]).trim(), published.digest);
            let tags = content(home, &crane, &["ls", &published.registry.repository()]);
            let attachments = format!("sha256-{}", published.digest.trim_start_matches("sha256:"));
            // A registry without the referrers API keeps the list of attachments under a tag of that form.
            let own: Vec<&str> = tags.lines().filter(|tag| *tag != attachments).collect();
            assert_eq!(own, ["0.1.0"]);
        }
    }
    match program("skopeo") {
        None => skipped("no skopeo"),
        Some(skopeo) => {
            let name = format!("docker://{tagged}");
            let said = content(home, &skopeo, &["inspect", "--tls-verify=false", &name]);
            let inspected: Value = serde_json::from_str(&said).unwrap();
            assert_eq!(inspected["Digest"], published.digest);
            assert_eq!(inspected["Architecture"], "amd64");
            let copied = home.join("copied");
            let to = format!("oci:{}:0.1.0", copied.display());
            // Without a policy of its own skopeo refuses everything.
            content(home, &skopeo, &["--insecure-policy", "copy", "--src-tls-verify=false", &name, &to]);
            assert_eq!(read_json(&copied.join("index.json"))["manifests"][0]["digest"], published.digest);
            // And the copy is an image for us again, the same one.
            let ran =
                run(&["inspect", &format!("oci:{}", copied.display()), "--no-config", "--format", "json"]);
            let report: Value = serde_json::from_str(&ran.stdout).unwrap();
            assert_eq!(report["facts"]["image"]["digest"], published.digest);
        }
    }
}

#[test]
fn cosign_and_seaworthy_agree_on_signatures() {
    let Some(cosign) = program("cosign") else { return skipped("no cosign") };
    let Some(published) = Published::new() else { return };
    let (home, pinned) = (published.home.path(), published.pinned());
    let (ours, theirs) = (published.file("ours.pub"), published.file("theirs.pub"));
    let verify = |key| ["verify", "--key", key, "--insecure-ignore-tlog=true", &pinned];
    let said = content(home, &cosign, &verify(&ours));
    assert!(said.contains(&published.digest), "{said}");
    refuses(home, &cosign, &verify(&theirs));

    let attested = ["verify-attestation", "--insecure-ignore-tlog=true", "--type", "spdxjson", "--key"];
    let said = content(home, &cosign, &[&attested[..], &[&ours, &pinned]].concat());
    let envelope: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    refuses(home, &cosign, &[&attested[..], &[&theirs, &pinned]].concat());

    // Ours by tag and by digest; a key that signed nothing is a finding, and so is an image that is not signed.
    let ran = run(&["verify", &published.tagged(), "--key", &ours]).expect(0);
    assert!(ran.stdout.contains(&published.digest), "{}", ran.stdout);
    run(&["verify", &pinned, "--key", &ours]).expect(0);
    let refused = run(&["verify", &pinned, "--key", &theirs]).expect(1);
    assert!(refused.stderr.contains("error:"), "{}", refused.stderr);

    // Cosign's own signature, beside ours, without its update server.
    for (name, kind) in [("sc.json", "signingconfig.v0.2+json"), ("tr.json", "trustedroot+json;version=0.1")]
    {
        fs::write(
            home.join(name),
            json!({ "mediaType": format!("application/vnd.dev.sigstore.{kind}") }).to_string(),
        )
        .unwrap();
    }
    let offline = ["sign", "--yes", "--signing-config", "sc.json", "--trusted-root", "tr.json", "--key"];
    content(home, &cosign, &[&offline[..], &[&published.file("theirs.key"), &pinned]].concat());
    run(&["verify", &pinned, "--key", &theirs]).expect(0);
    run(&["verify", &pinned, "--key", &ours]).expect(0);
}

#[test]
fn an_image_that_is_not_signed_is_refused() {
    let Some(published) = Published::new() else { return };
    let bare = format!("{}:bare", published.registry.repository().replace("password-api", "unsigned"));
    // The rules notice that nothing is signed; the image is there all the same.
    let ran = run(&["publish", &shipped_image(), &bare, "--no-config", "--exit-zero"]).expect(0);
    assert!(!ran.stdout.contains("panicked"), "{}", ran.stdout);
    let refused = run(&["verify", &bare, "--key", &published.file("ours.pub")]).expect(1);
    assert!(refused.stderr.contains("no signature"), "{}", refused.stderr);
    // A tag that does not exist is no finding but an error.
    let absent =
        run(&["verify", &format!("{}x", published.tagged()), "--key", &published.file("ours.pub")]).expect(2);
    assert!(absent.stderr.contains("0.1.0x"), "{}", absent.stderr);
}

#[test]
fn a_base_image_is_pinned_to_what_the_registry_has() {
    let Some(published) = Published::new() else { return };
    let project = tempfile::tempdir().unwrap();
    let absent = published.tagged().replace("0.1.0", "9.9.9");
    let text =
        format!("FROM {} AS a\nFROM {absent}\nFROM scratch\nCOPY --from=a /app /app\n", published.tagged());
    let file = project.path().join("Dockerfile");
    fs::write(&file, &text).unwrap();
    let path = project.path().to_str().unwrap();
    // Without the flag nobody is asked.
    run(&["check", path, "--no-config", "--fix", "--exit-zero"]).expect(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let ran = run(&["check", path, "--no-config", "--fix", "--pin", "--exit-zero"]).expect(0);
    let pinned = text.replacen("0.1.0 ", &format!("0.1.0@{} ", published.digest), 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), pinned, "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("`{absent}` is not pinned")), "{}", ran.stderr);
    let offline = run(&["check", path, "--no-config", "--diff", "--pin", "--offline"]).expect(0);
    assert!(offline.stderr.contains("is not pinned"), "{}", offline.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), pinned);
}

#[test]
fn the_bill_of_materials_is_valid_and_complete() {
    let home = tempfile::tempdir().unwrap();
    let spdx = home.path().join("app.spdx.json");
    run(&["sbom", &shipped_image(), "--output", spdx.to_str().unwrap()]).expect(0);
    let document = read_json(&spdx);
    let listed: BTreeSet<String> = document["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            format!(
                "{} {}",
                package["name"].as_str().unwrap(),
                package["versionInfo"].as_str().unwrap_or_default()
            )
        })
        .collect();
    // Every crate that is linked in; what only runs while compiling is not in the image.
    let tree = Command::new(env!("CARGO"))
        .current_dir(repository().join("examples/password-api"))
        .args(["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let linked: BTreeSet<String> = String::from_utf8_lossy(&tree.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some(format!("{} {}", words.next()?, words.next()?.trim_start_matches('v')))
        })
        .collect();
    assert!(linked.len() > 40, "{linked:?}");
    let missing: Vec<_> = linked.difference(&listed).collect();
    assert!(missing.is_empty(), "not in the bill of materials: {missing:?}");
    let surplus: Vec<_> =
        listed.difference(&linked).filter(|entry| !entry.starts_with("password-api sha256:")).collect();
    assert!(surplus.is_empty(), "in the bill of materials, but not linked: {surplus:?}");

    match program("pyspdxtools") {
        None => skipped("no pyspdxtools (PyPI spdx-tools)"),
        Some(judge) => drop(content(home.path(), &judge, &["--infile", spdx.to_str().unwrap()])),
    }
    let (Some(corpus), Some(checker)) = (corpus(), program("check-jsonschema")) else {
        return skipped("no corpus, or no check-jsonschema");
    };
    let cyclonedx = home.path().join("app.cdx.json");
    run(&["sbom", &shipped_image(), "--format", "cyclonedx", "--output", cyclonedx.to_str().unwrap()])
        .expect(0);
    let parsed = read_json(&cyclonedx);
    let version = parsed["specVersion"].as_str().unwrap();
    let schema = corpus.join(format!("sbom/cyclonedx/schema/bom-{version}.schema.json"));
    // The base keeps the schema's references in its folder instead of on the network.
    let base = format!("file://{}", schema.display());
    let valid = |file: &Path| {
        let args = ["--base-uri", &base, "--schemafile", schema.to_str().unwrap(), file.to_str().unwrap()];
        judge(home.path(), &checker, &args)
    };
    let output = valid(&cyclonedx);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(parsed["components"].as_array().unwrap().len() >= linked.len() - 1);
    let mut broken = parsed;
    broken["components"][0]["type"] = json!("no such type");
    let file = home.path().join("broken.cdx.json");
    fs::write(&file, broken.to_string()).unwrap();
    assert!(!valid(&file).status.success(), "the schema refuses nothing");
}

#[test]
fn the_attached_bill_of_materials_is_the_images_own() {
    let home = tempfile::tempdir().unwrap();
    let spdx = home.path().join("app.spdx.json");
    run(&["sbom", &shipped_image(), "--output", spdx.to_str().unwrap()]).expect(0);
    let place = shipped().join("published");
    let index = read_json(&place.join("index.json"));
    let attached = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["artifactType"] == "application/spdx+json");
    let manifest = read_json(&blob(&place, &attached.unwrap()["digest"]));
    assert_eq!(
        manifest["subject"]["digest"],
        read_json(&shipped().join("image/index.json"))["manifests"][0]["digest"]
    );
    let layer = blob(&place, &manifest["layers"][0]["digest"]);
    assert_eq!(read_json(&layer), read_json(&spdx));
}

/// Files of a report with findings, in the formats other programs read.
fn report_as(home: &Path, format: &str) -> PathBuf {
    let project = home.join("project");
    if !project.exists() {
        copy(&repository().join("examples/password-api"), &project);
        let compose = project.join("compose.yaml");
        let text = fs::read_to_string(&compose).unwrap();
        fs::write(
            compose,
            text.replacen("    read_only: true\n", "    read_only: true\n    privileged: true\n", 1),
        )
        .unwrap();
    }
    let file = home.join(format!("report.{format}"));
    let wanted = format!("{format}={}", file.display());
    run(&["check", project.to_str().unwrap(), "--format", &wanted]).expect(1);
    file
}

#[test]
fn sarif_names_rules_and_places() {
    let home = tempfile::tempdir().unwrap();
    let sarif = read_json(&report_as(home.path(), "sarif"));
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "Seaworthy");
    let rules: Vec<&str> =
        driver["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(rules.iter().collect::<BTreeSet<_>>().len(), rules.len(), "a rule stands twice");
    let results = run["results"].as_array().unwrap();
    assert!(results.iter().any(|result| result["ruleId"] == "privileged-service"), "{results:#?}");
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[at], result["ruleId"].as_str().unwrap());
        assert!(
            ["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()),
            "{result}"
        );
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let location = &result["locations"][0]["physicalLocation"];
        let file = location["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!file.starts_with('/') && !file.contains('\\'), "{file}");
        assert!(location["region"]["startLine"].as_u64().unwrap() >= 1, "{location}");
        assert!(
            result["partialFingerprints"].as_object().is_some_and(|prints| !prints.is_empty()),
            "{result}"
        );
    }
}

#[test]
fn junit_is_xml_whose_numbers_add_up() {
    let Some(python) = program("python3") else { return skipped("no python3 to read XML with") };
    let home = tempfile::tempdir().unwrap();
    let file = report_as(home.path(), "junit");
    let script = "import sys, json, xml.etree.ElementTree as tree\n\
        root = tree.parse(sys.argv[1]).getroot()\n\
        number = lambda node, name: int(node.get(name, 0))\n\
        out = []\n\
        for suite in ([root] if root.tag == 'testsuite' else root.findall('testsuite')):\n    \
            cases = suite.findall('testcase')\n    \
            out.append({'tests': [number(suite, 'tests'), len(cases)],\n                \
                'failures': [number(suite, 'failures'), sum(c.find('failure') is not None for c in cases)],\n                \
                'errors': [number(suite, 'errors'), sum(c.find('error') is not None for c in cases)],\n                \
                'skipped': [number(suite, 'skipped'), sum(c.find('skipped') is not None for c in cases)],\n                \
                'failed': [c.get('name') for c in cases if c.find('failure') is not None]})\n\
        print(json.dumps(out))\n";
    let said = content(home.path(), &python, &["-c", script, file.to_str().unwrap()]);
    let suites: Value = serde_json::from_str(&said).unwrap();
    let suites = suites.as_array().unwrap();
    assert!(!suites.is_empty());
    for suite in suites {
        for name in ["tests", "failures", "errors", "skipped"] {
            assert_eq!(suite[name][0], suite[name][1], "{name}: {suite}");
        }
    }
    let failed: Vec<_> = suites.iter().flat_map(|suite| suite["failed"].as_array().unwrap()).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].as_str().unwrap().contains("privileged-service"), "{failed:?}");
}
