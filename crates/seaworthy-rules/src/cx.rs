//! What a rule is given.

use crate::script::{Scripts, Simple};
use crate::{Usage, text};
use seaworthy_dockerfile::Instruction;
use seaworthy_facts::{
    ActionFact, ComposeFact, ComposeService, DockerfileFact, DocumentFact, Facts, ImageFacts, PipelineFact,
    ProjectFacts, ReleaseFacts, RunFacts, ScanFacts, SourceFacts, WorkflowFact,
};
use seaworthy_finding::{ImageConfig, Policy};

/// The facts, the policy, and the image of the policy in question.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// Everything known.
    pub facts: &'a Facts,
    /// The policy.
    pub policy: &'a Policy,
    /// The policy's `[[image]]` in question.
    pub image: Option<&'a ImageConfig>,
    /// What came of comments and waivers; filled for the policy family, which runs last.
    pub usage: &'a Usage,
    /// The present day: year, month, day.
    pub today: (u16, u8, u8),
    /// The name of the rule that runs.
    pub rule: &'static str,
    /// The scripts, read once for all rules.
    pub(crate) scripts: &'a Scripts,
}

impl<'a> Cx<'a> {
    /// The repository's claims.
    pub fn project(&self) -> Option<&'a ProjectFacts> {
        self.facts.project.as_ref()
    }

    /// The image's bytes.
    pub fn image_facts(&self) -> Option<&'a ImageFacts> {
        self.facts.image.as_ref()
    }

    /// What the booted container did.
    pub fn run(&self) -> Option<&'a RunFacts> {
        self.facts.run.as_ref()
    }

    /// What is known to be wrong with its packages.
    pub fn scan(&self) -> Option<&'a ScanFacts> {
        self.facts.scan.as_ref()
    }

    /// What was published.
    pub fn release(&self) -> Option<&'a ReleaseFacts> {
        self.facts.release.as_ref()
    }

    /// The Dockerfiles.
    pub fn dockerfiles(&self) -> &'a [DockerfileFact] {
        self.project().map_or(&[], |project| &project.dockerfiles)
    }

    /// The commands of a `RUN` of a Dockerfile of this project, those of an `ONBUILD` and of heredocs included.
    pub(crate) fn commands(&self, docker: &DockerfileFact, item: &Instruction) -> &'a [Simple] {
        // The files lie one behind the other, so that their addresses are in order.
        let address = |known: &DockerfileFact| std::ptr::from_ref(known).addr();
        let at = self.dockerfiles().binary_search_by_key(&address(docker), address);
        at.map_or(&[], |at| self.scripts.commands(at, docker, item))
    }

    /// The compose files.
    pub fn composes(&self) -> &'a [ComposeFact] {
        self.project().map_or(&[], |project| &project.composes)
    }

    /// The GitLab CI files.
    pub fn pipelines(&self) -> &'a [PipelineFact] {
        self.project().map_or(&[], |project| &project.pipelines)
    }

    /// The workflows.
    pub fn workflows(&self) -> &'a [WorkflowFact] {
        self.project().map_or(&[], |project| &project.workflows)
    }

    /// The actions.
    pub fn actions(&self) -> &'a [ActionFact] {
        self.project().map_or(&[], |project| &project.actions)
    }

    /// The documents.
    pub fn documents(&self) -> &'a [DocumentFact] {
        self.project().map_or(&[], |project| &project.documents)
    }

    /// What the source code reads and serves, where something claims it.
    pub fn source(&self) -> Option<&'a SourceFacts> {
        self.project()?.source.as_ref()
    }

    /// The Dockerfile the image is built from: the policy's, the one named `Dockerfile` at the root, or the only one.
    pub fn main_dockerfile(&self) -> Option<&'a DockerfileFact> {
        let wanted = self.image.and_then(|image| image.dockerfile.as_deref());
        let all = self.dockerfiles();
        if let Some(wanted) = wanted {
            let wanted = wanted.trim_start_matches("./");
            return all.iter().find(|known| known.file.path == wanted);
        }
        all.iter().find(|known| known.file.path == "Dockerfile").or(if let [only] = all {
            Some(only)
        } else {
            None
        })
    }

    /// The Dockerfile a compose service builds, where it builds one that is known.
    ///
    /// The context is relative to the compose file, and the Dockerfile's path to the context.
    pub fn service_dockerfile(
        &self,
        compose: &ComposeFact,
        service: &ComposeService,
    ) -> Option<&'a DockerfileFact> {
        if service.dockerfile_inline {
            return None;
        }
        let context = &service.build.as_ref()?.value;
        if context.starts_with('/') || context.contains("://") {
            return None;
        }
        let base = compose.file.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let name = service.dockerfile.as_deref().unwrap_or("Dockerfile");
        let path = text::clean_path(&format!("{base}/{context}/{name}"));
        self.dockerfiles().iter().find(|known| known.file.path == path)
    }

    /// A text parameter of this rule in the policy.
    pub fn param(&self, key: &str) -> Option<&'a str> {
        self.policy.param(self.rule, key)
    }

    /// A parameter of this rule as text, whether it is written as one or as a number.
    pub fn param_text(&self, key: &str) -> Option<String> {
        let value = self.policy.rules.get(self.rule)?.params.get(key)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// A parameter of this rule that is a list of texts.
    pub fn param_list(&self, key: &str) -> Option<Vec<String>> {
        let list = self.policy.rules.get(self.rule)?.params.get(key)?.as_array()?;
        Some(list.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect())
    }
}
