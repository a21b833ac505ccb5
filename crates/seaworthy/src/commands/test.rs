//! `seaworthy test IMAGE`.

use crate::beside;
use crate::cli::{Global, TestArgs};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use crate::stages::{self, TrialArgs};
use seaworthy_facts::Facts;
use seaworthy_finding::{EnvValue, ExitCode, Family, TestConfig};
use std::path::Path;

/// Boots an image and proves how it behaves.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &TestArgs) -> Result<ExitCode, Failure> {
    output::targets(global)?;
    let root = args.project.as_deref().unwrap_or(Path::new("."));
    let config = Config::load(global, root)?;
    let image = stages::open_image(shell, global, &args.image, args.platform.as_deref())?;
    let image_facts = stages::inspect(&image)?;
    let project = args.project.as_deref().map(stages::collect).transpose()?;
    let test = test_config(&config, args)?;
    let base = config.base(root);
    let bases = config.image().map(|image| image.bases.clone()).unwrap_or_default();
    let services = beside::open(shell, global, &test, &bases, base)?;
    let trial = TrialArgs { engine: args.engine, explicit: args.engine.is_some(), services: &services };
    shell.progress("Test", &args.image);
    let run = stages::trial(shell, &image, &image_facts, project.as_ref(), &test, base, &trial)?;
    let facts = Facts { project, image: Some(image_facts), run: Some(run), ..Facts::default() };
    let report = stages::report(global, &config, config.image(), &facts, &[Family::Run], "test", &args.image);
    output::write(shell, global, &config.policy, &report, root)
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
