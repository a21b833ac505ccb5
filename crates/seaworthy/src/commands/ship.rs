//! `seaworthy ship`: every stage in order, gated by policy; the main job.

use super::{build, inspect, sbom};
use crate::advisories;
use crate::beside;
use crate::cli::{DbPlace, EngineArg, Global, ShipArgs};
use crate::config::Config;
use crate::event;
use crate::failure::Failure;
use crate::output;
use crate::release::{self, Publication};
use crate::shell::Shell;
use crate::stages::{self, STATIC, TrialArgs};
use crate::structure;
use crate::tagging::{self, Tagging};
use seaworthy_facts::{Facts, ProjectFacts, ReleaseFacts};
use seaworthy_finding::{
    CheckStatus, ExitCode, Family, ImageConfig, Report, ScanConfig, StageReport, StageStatus, format_bytes,
    format_ms,
};
use seaworthy_store::Image;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// One run of `ship`, as far as it has come.
struct Voyage<'a> {
    shell: &'a Shell,
    global: &'a Global,
    args: &'a ShipArgs,
    config: &'a Config,
    policy: ImageConfig,
    out: PathBuf,
    /// The image's own tag.
    tag: String,
    /// What is published.
    tagging: Tagging,
    facts: Facts,
    stages: Vec<StageReport>,
    families: Vec<Family>,
    /// The first thing that kept a stage from doing its work.
    failure: Option<Failure>,
}

/// Checks, builds, inspects, boots, publishes and reports.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &ShipArgs) -> Result<ExitCode, Failure> {
    output::targets(global)?;
    if !args.path.is_dir() {
        return Err(Failure::new(ExitCode::Error, format!("`{}` is no directory", args.path.display()))
            .hint("name the directory of the project to ship"));
    }
    let config = Config::load(global, &args.path)?;
    let project = stages::collect(&args.path)?;
    if project.is_empty() && project.rust.is_none() && !args.path.join("Cargo.toml").is_file() {
        return Err(Failure::new(
            ExitCode::NothingToCheck,
            format!("nothing to ship in `{}`", args.path.display()),
        )
        .hint("looked for a Dockerfile, a Cargo.toml, a compose file and documents"));
    }
    let mut policy = config.image().cloned().unwrap_or_default();
    build::complete(&mut policy, &project, &args.path);
    let own = args.tag.first().filter(|tag| seaworthy_tags::problem(tag).is_none()).cloned();
    let tag = own.unwrap_or_else(|| build::default_tag(&project));
    // Rules that cannot be read are told before any work.
    let publish = &config.policy.publish;
    let wanted = if args.tag.is_empty() { &publish.tags } else { &args.tag };
    let happened = event::here(project.git.as_ref());
    let tagging = tagging::evaluate(wanted, &tag, publish.latest.as_deref(), Some(&project), &happened)?;
    let out = stages::output_dir(&args.path, args.output.as_deref())?;
    let mut voyage = Voyage {
        shell,
        global,
        args,
        config: &config,
        policy,
        out,
        tag,
        tagging,
        facts: Facts::default(),
        stages: Vec::new(),
        families: Vec::new(),
        failure: None,
    };
    voyage.sail(project);
    let report = voyage.report();
    voyage.land(&report)
}

impl Voyage<'_> {
    fn sail(&mut self, project: ProjectFacts) {
        let tag = self.tag.clone();
        self.check(project);
        let image = self.build(&tag).and_then(|()| self.inspect(&tag));
        match image {
            Some(image) => {
                self.scan();
                self.test(&image);
                self.publish(&image);
            }
            None => {
                let why = "there is no image: an earlier stage failed";
                for name in ["inspect", "test", "publish"] {
                    if !self.stages.iter().any(|stage| stage.name == name) {
                        self.not_run(name, why);
                    }
                }
            }
        }
        self.families.push(Family::Policy);
    }

    fn check(&mut self, project: ProjectFacts) {
        let begun = self.begin("check", "what the repository claims");
        stages::note_unread(self.shell, &project);
        self.facts.project = Some(project);
        self.families.extend(STATIC);
        self.end("check", begun, &STATIC, String::new());
    }

    fn build(&mut self, tag: &str) -> Option<()> {
        let how = if self.args.engine == Some(EngineArg::Docker) {
            "the Dockerfile, through BuildKit"
        } else {
            "the crate, without a Dockerfile"
        };
        let begun = self.begin("build", how);
        let layout = self.out.join("image");
        let built = match &self.facts.project {
            Some(project) => stages::build(
                self.shell,
                self.global,
                &self.args.path,
                project,
                &self.policy,
                self.args.engine,
                &layout,
                tag,
            ),
            None => return None,
        };
        match built {
            Ok(facts) => {
                for note in &facts.notes {
                    self.shell.note(note);
                }
                let digest = facts.digest.clone();
                self.facts.build = Some(facts);
                self.end("build", begun, &[], digest);
                Some(())
            }
            Err(failure) => {
                self.fail("build", begun, failure);
                None
            }
        }
    }

    fn inspect(&mut self, tag: &str) -> Option<Image> {
        let begun = self.begin("inspect", "every byte of the image, in one pass");
        let name = format!("oci:{}:{tag}", self.out.join("image").display());
        let opened = stages::open_image(self.shell, self.global, &name, None);
        let result = opened.and_then(|image| stages::inspect(&image).map(|facts| (image, facts)));
        match result {
            Ok((image, facts)) => {
                if self.shell.verbose > 0 {
                    self.shell.line(inspect::summary(&facts).trim_end());
                }
                let words = format!(
                    "{} compressed, {} unpacked, {} files, {} packages",
                    format_bytes(facts.compressed),
                    format_bytes(facts.unpacked),
                    facts.files.len(),
                    facts.packages.len()
                );
                self.facts.image = Some(facts);
                self.families.extend([Family::Image, Family::Claim]);
                self.end("inspect", begun, &[Family::Image, Family::Claim], words);
                Some(image)
            }
            Err(failure) => {
                self.fail("inspect", begun, failure);
                None
            }
        }
    }

    /// Holds the packages against the database of advisories. Without one nothing is judged, and the report says so; a
    /// budget of the policy is then not kept.
    fn scan(&mut self) {
        let Some(image) = &self.facts.image else { return };
        let subject = seaworthy_advisories::of_image(image);
        let file = advisories::place(&DbPlace { db: std::env::var_os("SEAWORTHY_DB").map(PathBuf::from) });
        let index = match advisories::open(&file) {
            Ok(Some(index)) => index,
            Ok(None) => {
                self.facts.scan = Some(advisories::not_run(&subject, &file));
                if self.config.policy.scan == ScanConfig::default() {
                    self.shell.note(&format!(
                        "no known vulnerabilities were looked for: no database of advisories at `{}`",
                        file.display()
                    ));
                    return;
                }
                let begun = self.begin("scan", "known vulnerabilities");
                self.families.push(Family::Scan);
                self.end("scan", begun, &[Family::Scan], advisories::MAKE.to_owned());
                return;
            }
            Err(failure) => {
                let begun = self.begin("scan", "known vulnerabilities");
                self.fail("scan", begun, failure);
                return;
            }
        };
        let begun = self.begin("scan", "known vulnerabilities");
        let judged = advisories::vex(self.config, &self.args.path, &[])
            .and_then(|vex| advisories::judge(&subject, &index, &vex))
            .and_then(|mut scan| {
                let base = self.config.policy.scan.base.as_deref();
                advisories::attribute(self.shell, self.global, &mut scan, image, base, None)?;
                Ok(scan)
            });
        match judged {
            Ok(scan) => {
                let found = seaworthy_report::scan::tally_words(&scan.tally());
                let words = format!("{found} in {} packages", scan.judged_packages());
                self.facts.scan = Some(scan);
                self.families.push(Family::Scan);
                self.end("scan", begun, &[Family::Scan], words);
            }
            Err(failure) => self.fail("scan", begun, failure),
        }
    }

    fn test(&mut self, image: &Image) {
        let begun = self.begin("test", "boots the image and proves how it behaves");
        let Some(facts) = &self.facts.image else { return };
        let explicit = self.args.engine.is_some();
        let base = self.config.base(&self.args.path);
        let policy = &self.policy;
        let services = match beside::open(self.shell, self.global, &policy.test, &policy.bases, base) {
            Ok(services) => services,
            Err(failure) => return self.fail("test", begun, failure),
        };
        let args = TrialArgs { engine: self.args.engine, explicit, services: &services, probes: &[] };
        match stages::trial(
            self.shell,
            image,
            facts,
            self.facts.project.as_ref(),
            &self.policy.test,
            base,
            &args,
        ) {
            Ok(run) => {
                let engine = run.engine.clone();
                self.facts.run = Some(run);
                let mut families = vec![Family::Run];
                let tested = super::test::policy_suites(&self.policy.test, self.config, &self.args.path)
                    .and_then(|suites| match suites.as_slice() {
                        [] => Ok(None),
                        suites => {
                            let options = structure::Options::of(&self.policy.test);
                            structure::run(self.shell, image, suites, options).map(Some)
                        }
                    });
                match tested {
                    Ok(None) => {}
                    Ok(facts) => {
                        self.facts.structure = facts;
                        families.push(Family::Structure);
                    }
                    Err(failure) => {
                        self.families.push(Family::Run);
                        self.fail("test", begun, failure);
                        return;
                    }
                }
                self.families.extend(&families);
                self.end("test", begun, &families, format!("on {engine}"));
            }
            Err(failure) => self.fail("test", begun, failure),
        }
    }

    fn publish(&mut self, image: &Image) {
        if let Some(stage) = self.stages.iter().find(|stage| stage.status != StageStatus::Done) {
            let why = match stage.status {
                StageStatus::NotRun => format!("`{}` was not run, so fitness is not proven", stage.name),
                _ => format!("`{}` failed, and only what is fit is published", stage.name),
            };
            self.not_run("publish", &why);
            return;
        }
        let to = self.args.to.clone().or_else(|| self.config.policy.publish.to.clone());
        let to = to.unwrap_or_else(|| format!("oci:{}", self.out.join("published").display()));
        let begun = self.begin("publish", &to);
        let Some(facts) = &self.facts.image else { return };
        for warning in &self.tagging.warnings {
            self.shell.note(&seaworthy_report::escape(warning));
        }
        // A tag that no registry accepts would fail the release half-way: nothing is sent, and the rules say why.
        let (_, invalid) = seaworthy_release::check_tags(&self.tagging.names());
        if !invalid.is_empty() {
            self.facts.release = Some(ReleaseFacts {
                destination: to,
                tested: image.descriptor.digest.to_string(),
                invalid_tags: invalid.into_iter().map(|tag| tag.tag).collect(),
                ..ReleaseFacts::default()
            });
            self.families.push(Family::Release);
            self.end("publish", begun, &[Family::Release], "nothing was sent".to_owned());
            return;
        }
        let publication = Publication {
            image,
            to: &to,
            tags: self.tagging.names(),
            sbom: self.config.policy.publish.sbom.unwrap_or(true).then(|| sbom::spdx(facts)),
            key: if self.args.no_sign {
                Ok(None)
            } else {
                release::policy_key(self.shell, self.config, &self.args.path)
            },
            sign_wanted: self.config.policy.publish.sign.is_some(),
            plain_http: None,
        };
        match release::publish(self.shell, self.global, publication) {
            Ok(released) => {
                let names: Vec<&str> = released.tags.iter().map(|tag| tag.tag.as_str()).collect();
                let words = if names.is_empty() {
                    format!("{} without a tag: no rule is about this event", released.tested)
                } else {
                    format!("{} as {}", released.tested, names.join(", "))
                };
                self.facts.release = Some(released);
                self.families.push(Family::Release);
                self.end("publish", begun, &[Family::Release], words);
            }
            Err(failure) => self.fail("publish", begun, failure),
        }
    }

    fn begin(&self, name: &str, what: &str) -> Instant {
        self.shell.heading(&format!("{name}: {what}"));
        Instant::now()
    }

    /// Ends a stage: its rules are evaluated and shown, and decide whether it failed.
    fn end(&mut self, name: &str, begun: Instant, families: &[Family], words: String) {
        let report = self.evaluate(families);
        let counts = report.counts();
        let failed = counts.failed + counts.errors > 0;
        let unproven = report.checks.iter().any(|check| check.gate && check.status == CheckStatus::NotRun);
        let options = seaworthy_report::Options {
            color: self.shell.color_err(),
            width: self.shell.width,
            ..seaworthy_report::Options::default()
        };
        if self.shell.quiet == 0 {
            let shown = |status: CheckStatus| match status {
                CheckStatus::Pass => name != "check" || self.shell.verbose > 0,
                CheckStatus::NotApplicable => self.shell.verbose > 1,
                _ => true,
            };
            for check in report.checks.iter().filter(|check| shown(check.status)) {
                self.shell.line(seaworthy_report::terminal::check_line(check, &options).trim_end());
            }
        }
        let mut summary = Vec::new();
        if !words.is_empty() {
            summary.push(words);
        }
        if !report.checks.is_empty() {
            summary.push(format!(
                "{} of {} checks passed",
                counts.passed,
                report.checks.len() - counts.not_applicable
            ));
        }
        let status = if failed {
            StageStatus::Failed
        } else if unproven {
            StageStatus::NotRun
        } else {
            StageStatus::Done
        };
        self.stages.push(StageReport {
            name: name.to_owned(),
            status,
            summary: summary.join("; "),
            ms: crate::stages::millis(begun),
        });
    }

    fn fail(&mut self, name: &str, begun: Instant, failure: Failure) {
        self.shell.failure(&failure);
        let summary = failure.message.clone();
        self.stages.push(StageReport {
            name: name.to_owned(),
            status: StageStatus::Failed,
            summary,
            ms: crate::stages::millis(begun),
        });
        self.failure.get_or_insert(failure);
    }

    fn not_run(&mut self, name: &str, why: &str) {
        self.stages.push(StageReport {
            name: name.to_owned(),
            status: StageStatus::NotRun,
            summary: why.to_owned(),
            ms: 0,
        });
    }

    fn evaluate(&self, families: &[Family]) -> Report {
        let subject = self.args.path.display().to_string();
        stages::report(self.global, self.config, Some(&self.policy), &self.facts, families, "ship", &subject)
    }

    /// The whole report: every rule of every stage that ran, and the stages that did not.
    fn report(&self) -> Report {
        let mut report = self.evaluate(&self.families);
        report.stages.clone_from(&self.stages);
        report.decide();
        report
    }

    /// Writes report.json and report.html, renders the result and gives the exit code.
    fn land(self, report: &Report) -> Result<ExitCode, Failure> {
        let root: &Path = &self.args.path;
        let sources = |path: &str| std::fs::read_to_string(root.join(path)).ok();
        let options = seaworthy_report::Options { sources: &sources, ..seaworthy_report::Options::default() };
        for (format, name) in
            [(seaworthy_report::Format::Json, "report.json"), (seaworthy_report::Format::Html, "report.html")]
        {
            let text = seaworthy_report::render(report, format, &options)
                .map_err(|error| Failure::of("render the report", &error))?;
            output::write_file(&self.out.join(name), text.as_bytes())?;
        }
        self.shell.heading("report");
        let total: u64 = self.stages.iter().map(|stage| stage.ms).sum();
        self.shell.progress(
            "Wrote",
            &format!(
                "{} and report.json, after {}",
                self.out.join("report.html").display(),
                format_ms(total)
            ),
        );
        self.shell.line("");
        let code = output::write(self.shell, self.global, &self.config.policy, report, root)?;
        // A stage that could not do its work has its own exit code.
        Ok(self.failure.map_or(code, |failure| failure.code))
    }
}
