//! `seaworthy test IMAGE`.

use crate::beside;
use crate::cli::{EngineArg, Global, TestArgs};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use crate::stages::{self, TrialArgs};
use crate::structure;
use crate::verification;
use seaworthy_facts::Facts;
use seaworthy_finding::{EnvValue, ExitCode, Family, TestConfig};
use seaworthy_structure::Suite;
use std::path::Path;

/// Boots an image and proves how it behaves, or runs structure tests against it.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &TestArgs) -> Result<ExitCode, Failure> {
    output::targets(global)?;
    let root = args.project.as_deref().unwrap_or(Path::new("."));
    let suites = structure::read(&args.structure, root)?;
    if args.validate {
        return structure::validate(shell, &suites, output::wants_json(global, "test --validate")?);
    }
    let Some(name) = &args.image else {
        return Err(Failure::new(ExitCode::Error, "no image is named").hint(stages::SOURCES));
    };
    let config = Config::load(global, root)?;
    let test = test_config(&config, args)?;
    let options = structure_options(&test, args)?;
    if !suites.is_empty() {
        return structure_alone(shell, global, args, &config, &suites, options, name);
    }
    let policy_suites = policy_suites(&test, &config, root)?;
    let image = stages::open_image(shell, global, name, args.platform.as_deref())?;
    let image_facts = stages::inspect(&image)?;
    let project = args.project.as_deref().map(stages::collect).transpose()?;
    let base = config.base(root);
    let bases = config.image().map(|image| image.bases.clone()).unwrap_or_default();
    let services = beside::open(shell, global, &test, &bases, base)?;
    let script = config.policy.profile.as_deref() == Some(verification::PROFILE);
    let probes = if script { verification::probes(&image_facts) } else { Vec::new() };
    let trial = TrialArgs {
        engine: args.engine,
        explicit: args.engine.is_some(),
        services: &services,
        probes: &probes,
    };
    shell.progress("Test", name);
    let mut run = stages::trial(shell, &image, &image_facts, project.as_ref(), &test, base, &trial)?;
    let mut lines = Vec::new();
    if script {
        let builds = verification::builds(shell, root, base, project.as_ref(), config.image());
        let verified = verification::judge(&image_facts, &run, &builds);
        lines = verified.lines();
        run.verification = Some(verified);
    }
    let mut families = vec![Family::Run];
    let mut facts = Facts { project, image: Some(image_facts), run: Some(run), ..Facts::default() };
    if !policy_suites.is_empty() {
        facts.structure = Some(structure::run(shell, &image, &policy_suites, options)?);
        families.push(Family::Structure);
    }
    let report = stages::report(global, &config, config.image(), &facts, &families, "test", name);
    let code = output::write(shell, global, &config.policy, &report, root)?;
    if !lines.is_empty() && shell.quiet < 2 && output::on_terminal(&output::targets(global)?) {
        let lines: Vec<String> = lines.iter().map(|line| seaworthy_report::escape(line)).collect();
        shell.out(&lines.join("\n"))?;
    }
    Ok(code)
}

/// The structure tests of the command line, without a trial: the image need not be a service.
fn structure_alone(
    shell: &Shell,
    global: &Global,
    args: &TestArgs,
    config: &Config,
    suites: &[Suite],
    options: structure::Options,
    name: &str,
) -> Result<ExitCode, Failure> {
    if args.engine == Some(EngineArg::Docker) {
        return Err(Failure::new(
            ExitCode::Error,
            "structure tests run in the sandbox, not on a Docker Engine",
        )
        .hint("leave `--engine docker` out; the image itself may come from one: `docker-daemon:NAME`"));
    }
    if suites.iter().all(|suite| suite.tests.is_empty() && !suite.refused()) {
        return Err(structure::nothing_to_run(suites));
    }
    for suite in suites {
        for hint in &suite.hints {
            let help = if hint.help.is_empty() { String::new() } else { format!("; {}", hint.help) };
            shell.note(&seaworthy_report::escape(&format!("`{}`: {}{help}", suite.file.path, hint.message)));
        }
    }
    let root = args.project.as_deref().unwrap_or(Path::new("."));
    let image = stages::open_image(shell, global, name, args.platform.as_deref())?;
    shell.progress("Test", name);
    let facts =
        Facts { structure: Some(structure::run(shell, &image, suites, options)?), ..Facts::default() };
    let mut families = vec![Family::Structure];
    if !config.policy.waiver.is_empty() {
        families.push(Family::Policy);
    }
    let report = stages::report(global, config, config.image(), &facts, &families, "test", name);
    output::write(shell, global, &config.policy, &report, root)
}

/// The files the policy names.
pub(crate) fn policy_suites(test: &TestConfig, config: &Config, root: &Path) -> Result<Vec<Suite>, Failure> {
    let files: Vec<_> = test.structure.iter().map(|file| config.base(root).join(file)).collect();
    structure::read(&files, root)
}

/// How structure tests are run: by the flags, else by the policy.
fn structure_options(test: &TestConfig, args: &TestArgs) -> Result<structure::Options, Failure> {
    let given = args.command_timeout.as_deref().map(structure::timeout).transpose()?;
    Ok(structure::Options {
        timeout: given.unwrap_or_else(|| structure::Options::of(test).timeout),
        allow_binds: args.allow_bind_mounts,
    })
}

/// The policy's test with the flags on top.
fn test_config(config: &Config, args: &TestArgs) -> Result<TestConfig, Failure> {
    let mut test = config.image().map(|image| image.test.clone()).unwrap_or_default();
    for text in &args.env {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => {
                let value = std::env::var(text);
                (
                    text.as_str(),
                    value.map_err(|_| {
                        Failure::new(ExitCode::Error, format!("`--env {text}`: the variable is not set here"))
                            .hint(format!("write `--env {text}=VALUE`, or set it"))
                    })?,
                )
            }
        };
        test.env.insert(name.to_owned(), EnvValue::Literal(value));
    }
    for name in test.env.keys().chain(&args.required) {
        if name.is_empty() || name.contains('=') {
            return Err(Failure::new(ExitCode::Error, format!("`{name}` is no name of a variable"))
                .hint("write `--env NAME=VALUE` and `--required NAME`"));
        }
    }
    test.thorough |= args.thorough;
    if let Some(ready) = &args.ready {
        seaworthy_trial::check_request(ready)
            .map_err(|why| Failure::new(ExitCode::Error, "`--ready` names no request").hint(why))?;
        test.ready.clone_from(&args.ready);
    }
    if !args.required.is_empty() {
        test.required = Some(args.required.clone());
    }
    if !args.tmpfs.is_empty() {
        test.tmpfs = Some(args.tmpfs.clone());
    }
    Ok(test)
}
