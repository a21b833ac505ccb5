//! The facts every collector fills and every rule reads: plain data, no behaviour beyond small look-ups.
//!
//! Each stage fills one kind. A rule that compares a claim with the truth reads two kinds.

mod bases;
mod build;
mod declaration;
mod document;
mod hadolint;
mod image;
mod observed;
mod pipeline;
mod project;
mod release;
mod run;
mod scan;
mod size;
mod source;
mod structure;
mod verification;
mod workflow;

pub use bases::{BaseOffer, BasesFacts};
pub use build::{BuildFacts, BuildStep};
pub use declaration::{About, Declaration};
pub use document::{
    Checkbox, CodeBlock, CommandProblem, DocCommand, DocOption, DocumentFact, EnvRow, Fragment, OffsetTable,
    SizeClaim,
};
pub use hadolint::{HadolintFact, HadolintLevel, LabelKind};
pub use image::{
    BinaryFact, Contents, DEFAULT_CAPABILITIES, DistributionFact, FileDetail, FileFact, FileKind, GoBuild,
    GroupFact, ImageFacts, LayerFact, PackageFact, ScriptFact, SecretFact, SecretPlace, SourcePackage,
    UpstreamSecret, UserFact, Waste, WasteCause, capability_names, encode_base64,
};
pub use observed::Observed;
pub use pipeline::{
    PipelineConditions, PipelineFact, PipelineImage, PipelineJob, PipelineRule, PipelineScript,
    PipelineVariable,
};
pub use project::{
    ComposeDependency, ComposeDevice, ComposeDeviceRequest, ComposeEnvFile, ComposeFact, ComposeHealth,
    ComposeInsert, ComposeItems, ComposeList, ComposeMount, ComposePort, ComposeResource, ComposeService,
    ContextEntry, DockerfileFact, GitFact, IgnoreFact, LockedPackage, LockfileFact, ProjectFacts, RustCrate,
    Spanned, SyntaxProblem, TextFile,
};
pub use release::{ReferrerFact, ReleaseFacts, SignatureFact, TagFact};
pub use run::{
    Boot, CapabilityFacts, CapabilityNeed, CommandResult, Drain, EgressFacts, Exit, HealthFacts, HttpResult,
    IdleFacts, LoadFacts, LogFacts, MissingVariable, ReadyFacts, RestartFacts, RunFacts, SignalFact,
    SocketFact, StopFacts, TmpfsNeed, VolumeFact, WriteFact, WrongValue, ZombieFact,
};
pub use scan::{
    BaseChange, DatabaseFact, EcosystemFact, Origin, Rating, ScanBase, ScanFacts, Standing, Tally,
    UnjudgedFact, VulnerabilityFact,
};
pub use size::{BaseBy, BaseFact, DiveFact, DivePath, MapNode, Spare};
pub use source::{Absence, SourceFacts, SourcePlace, VariableRead};
pub use structure::{StructureFacts, StructureFile, StructureOutcome, StructureProblem, StructureTest};
pub use verification::{Outcome, Verification, VerificationCheck};
pub use workflow::{ActionFact, WorkflowFact};

/// Everything known in one command; what a rule is given.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The repository's claims.
    pub project: Option<ProjectFacts>,
    /// The image's bytes.
    pub image: Option<ImageFacts>,
    /// How it was built.
    pub build: Option<BuildFacts>,
    /// What the booted container did.
    pub run: Option<RunFacts>,
    /// What was published.
    pub release: Option<ReleaseFacts>,
    /// What is known to be wrong with its packages.
    pub scan: Option<ScanFacts>,
    /// What there is under the names of its base images, where that was asked for.
    pub bases: Option<BasesFacts>,
    /// What container-structure-test files say about the image.
    pub structure: Option<StructureFacts>,
}
