//! Compose files together: overrides, `extends`, `include`, and what compose makes of them.

use super::interpolate::{self, Interpolation, Unset, Variables};
use super::merge::{self, MergeError, Path};
use super::schema::{self, Misfit};
use super::value::{self, Data, Map, Value};
use super::{canonical, normalize, paths, unique};
use crate::yaml;
use seaworthy_finding::Span;

/// Files that extend or include one another in a longer chain are refused.
const MAX_CHAIN: usize = 64;

/// How to read the files.
#[derive(Clone, Debug, Default)]
pub struct ModelOptions {
    /// The project's name; the file's own name counts before it where `name_from_file` is set.
    pub name: String,
    /// Whether the file's own `name` counts before the given one.
    pub name_from_file: bool,
    /// Values of variables; nothing where they are to stay as written.
    pub variables: Option<Variables>,
    /// The directory relative paths are resolved against; nothing where they are to stay as written.
    pub directory: Option<String>,
    /// Profiles that are on, `*` for all; nothing where profiles do not matter.
    pub profiles: Option<Vec<String>>,
}

/// Why compose refuses files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// A file that is named does not exist.
    #[error("open `{file}`: no such file")]
    Missing {
        /// The file.
        file: String,
    },
    /// A file's text is refused at a place.
    #[error("{file}: {message}")]
    At {
        /// The file.
        file: String,
        /// The place in it.
        span: Span,
        /// What is wrong there.
        message: String,
    },
    /// A variable has no value, or a text is no template.
    #[error("{file}: interpolating a value")]
    Interpolation {
        /// The file.
        file: String,
        /// The place in it.
        span: Span,
        /// Why.
        #[source]
        source: Interpolation,
    },
}

/// Files by their paths, with `/`, relative to where the first file's path is relative to.
pub type Read<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The model of one or more files, the later over the earlier, as `docker compose config` gives it.
///
/// Without variables and directory it is what `--no-interpolate --no-path-resolution --no-env-resolution
/// --no-consistency` gives.
///
/// # Errors
/// Compose refuses the files as well.
pub fn model(read: Read<'_>, files: &[&str], opts: &ModelOptions) -> Result<serde_json::Value, ModelError> {
    let main = files.first().copied().unwrap_or_default();
    let variables = opts.variables.as_ref().map(|given| {
        let text = read(&paths::beside(main, ".env")).unwrap_or_default();
        let mut all = interpolate::dotenv(&text);
        all.extend(given.clone());
        all
    });
    let loader = Loader { read, variables: variables.as_ref(), chain: Vec::new() };
    let mut root = loader.project(files)?;
    canonical::defaults(&mut root);
    if variables.is_some() {
        environments(&mut root, read, main)?;
    }
    if let Some(directory) = &opts.directory {
        paths::resolve(&mut root, directory);
    }
    let own = root.get("name").and_then(Value::text).filter(|_| opts.name_from_file);
    let name = normalize::project_name(own.as_deref().unwrap_or(&opts.name));
    normalize::normalize(&mut root, &name, variables.as_ref());
    if let Some(profiles) = &opts.profiles {
        normalize::select(&mut root, profiles);
    }
    let typed = variables.is_some();
    Ok(if typed { super::typed::typed(root).json() } else { root.json() })
}

/// Puts the variables of `env_file` below those of `environment`.
fn environments(root: &mut Value, read: Read<'_>, main: &str) -> Result<(), ModelError> {
    let services =
        root.map_mut().and_then(|top| top.get_mut("services")).and_then(|(_, value)| value.map_mut());
    for (_, service) in services.into_iter().flat_map(|map| map.values_mut()) {
        let Some(map) = service.map_mut() else { continue };
        let Some((_, files)) = map.remove("env_file") else { continue };
        let mut lines = Vec::new();
        for file in files.items() {
            let Some(path) = file.get("path").and_then(Value::text) else { continue };
            let path = paths::beside(main, &path);
            match read(&path) {
                Some(text) => {
                    let variables = interpolate::dotenv(&text);
                    lines
                        .extend(variables.iter().map(|(name, value)| Value::from(format!("{name}={value}"))));
                }
                None if file.get("required").and_then(Value::flag) == Some(false) => {}
                None => return Err(ModelError::Missing { file: path }),
            }
        }
        if let Some((_, own)) = map.get("environment") {
            lines.extend(merge::sequence(own));
        }
        if !lines.is_empty() {
            let value: Value = Data::Seq(lines).into();
            map.insert("environment".to_owned(), (files.span, value));
        }
    }
    Ok(())
}

/// Reads layers.
pub(crate) struct Loader<'a> {
    pub(crate) read: Read<'a>,
    pub(crate) variables: Option<&'a Variables>,
    /// The files that include this one, and this one.
    pub(crate) chain: Vec<String>,
}

impl Loader<'_> {
    /// Files over one another.
    fn project(&self, files: &[&str]) -> Result<Value, ModelError> {
        let mut root: Value = Data::Map(Map::new()).into();
        for file in files {
            root = self.layer(root, file)?;
        }
        merge::drop_reset(&mut root);
        Ok(root)
    }

    /// A file over what there is.
    fn layer(&self, base: Value, file: &str) -> Result<Value, ModelError> {
        let mut base = base;
        for document in self.documents(file)? {
            let mut document = document;
            self.interpolated(&mut document, file)?;
            self.extended(&mut document, file)?;
            self.included(&mut document, file)?;
            merge::reset(&mut base, &document);
            merge::drop_reset(&mut document);
            base = merge::merge(base, document, &Path::ROOT).map_err(|error| conflict(file, &error))?;
            merge::drop_reset(&mut base);
        }
        self.finish(&mut base, file)?;
        Ok(base)
    }

    fn finish(&self, root: &mut Value, file: &str) -> Result<(), ModelError> {
        unique::enforce(root, &Path::ROOT);
        if let Some(misfit) = schema::check(root, false).into_iter().next() {
            let (span, message) = match misfit {
                Misfit::Wrong(span, message) => (span, message),
                Misfit::Unknown(_, key, _) => {
                    (key.span, format!("`{}` is no key of the compose specification", key.value))
                }
            };
            return Err(ModelError::At { file: file.to_owned(), span, message });
        }
        if let Some(map) = root.map_mut() {
            map.remove("version");
        }
        canonical::canonical(root, self.variables.is_none()).map_err(|error| ModelError::At {
            file: file.to_owned(),
            span: error.span,
            message: error.message,
        })?;
        unique::enforce(root, &Path::ROOT);
        Ok(())
    }

    /// The documents of a file.
    fn documents(&self, file: &str) -> Result<Vec<Value>, ModelError> {
        let text = (self.read)(file).ok_or_else(|| ModelError::Missing { file: file.to_owned() })?;
        let at = |span, message: String| ModelError::At { file: file.to_owned(), span, message };
        let (roots, errors) = yaml::read_all(&text);
        if let Some(error) = errors.into_iter().next() {
            return Err(at(error.span, error.message));
        }
        if roots.is_empty() {
            return Err(at(Span::default(), "empty compose file".to_owned()));
        }
        let mut out = Vec::new();
        for root in roots {
            let value = value::from_node(&root)
                .ok_or_else(|| at(root.span, "its aliases stand for too much".to_owned()))?;
            if value.map().is_none() {
                return Err(at(root.span, "a compose file is a mapping".to_owned()));
            }
            out.push(value);
        }
        Ok(out)
    }

    fn interpolated(&self, value: &mut Value, file: &str) -> Result<(), ModelError> {
        let Some(variables) = self.variables else { return Ok(()) };
        let mut first = None;
        let mut problem = |value: &Value, source: Interpolation| {
            first.get_or_insert(ModelError::Interpolation {
                file: file.to_owned(),
                span: value.span,
                source,
            });
        };
        interpolate::tree(value, variables, Unset::Empty, &mut |_, _| {}, &mut problem);
        first.map_or(Ok(()), Err)
    }

    /// Follows every `extends` of a file.
    pub(crate) fn extended(&self, root: &mut Value, file: &str) -> Result<(), ModelError> {
        let Some((_, services)) = root.map_mut().and_then(|map| map.get_mut("services")) else {
            return Ok(());
        };
        let Some(map) = services.map_mut() else { return Ok(()) };
        let names: Vec<String> = map.keys().cloned().collect();
        for name in names {
            let mut trail = Vec::new();
            if let Some(service) = self.service(&name, map, file, &mut trail)?
                && let Some((_, slot)) = map.get_mut(&name)
            {
                *slot = service;
            }
        }
        Ok(())
    }

    /// A service with what it extends; nothing where there is nothing to do.
    fn service(
        &self,
        name: &str,
        services: &Map,
        file: &str,
        trail: &mut Vec<(String, String)>,
    ) -> Result<Option<Value>, ModelError> {
        let Some((_, own)) = services.get(name) else { return Ok(None) };
        let Some((_, extends)) = own.map().and_then(|map| map.get("extends")) else { return Ok(None) };
        let at = |message: String| ModelError::At { file: file.to_owned(), span: extends.span, message };
        let (wanted, other) = match &extends.data {
            Data::Str(wanted) => (wanted.clone(), None),
            _ => {
                let wanted = extends.get("service").and_then(Value::text);
                let wanted = wanted.ok_or_else(|| at(format!("`extends` of `{name}` names no service")))?;
                (wanted, extends.get("file").and_then(Value::text))
            }
        };
        let step = (file.to_owned(), name.to_owned());
        if trail.contains(&step) || trail.len() > MAX_CHAIN {
            return Err(at(format!("`{name}` extends itself through other services")));
        }
        trail.push(step);
        let read;
        let (pool, pool_file, foreign) = match &other {
            Some(other) => {
                let path = paths::beside(file, other);
                read = self.foreign(&path, other).map_err(|error| match error {
                    ModelError::Missing { .. } => {
                        at(format!("`extends` names `{other}`, which does not exist"))
                    }
                    error => error,
                })?;
                let services = read.get("services").and_then(Value::map);
                let services = services.ok_or_else(|| at(format!("`{other}` has no services")))?;
                (services, path, true)
            }
            None => (services, file.to_owned(), false),
        };
        let Some((_, plain)) = pool.get(&wanted) else {
            let place = other.unwrap_or_else(|| "this file".to_owned());
            return Err(at(format!("`{name}` extends `{wanted}`, which is no service of {place}")));
        };
        let mut base = self.service(&wanted, pool, &pool_file, trail)?.unwrap_or_else(|| plain.clone());
        trail.pop();
        if base.map().is_none() {
            return Ok(None);
        }
        if foreign {
            base.move_to(extends.span);
        } else {
            share(&mut base);
        }
        if let Some(map) = base.map_mut() {
            map.remove("extends");
        }
        let mut own = own.clone();
        if let Some(map) = own.map_mut() {
            map.remove("extends");
        }
        merge::reset(&mut base, &own);
        merge::drop_reset(&mut own);
        let path = Path::ROOT.next("services");
        merge::merge(base, own, &path.next(name)).map(Some).map_err(|error| conflict(file, &error))
    }

    /// Another file as the base of a service: its paths are relative to itself.
    fn foreign(&self, path: &str, named: &str) -> Result<Value, ModelError> {
        let mut root: Value = Data::Map(Map::new()).into();
        for document in self.documents(path)? {
            let mut document = document;
            self.interpolated(&mut document, path)?;
            root = merge::merge(root, document, &Path::ROOT).map_err(|error| conflict(path, &error))?;
        }
        self.finish(&mut root, path)?;
        paths::resolve(&mut root, named.rsplit_once('/').map_or(".", |(directory, _)| directory));
        Ok(root)
    }

    fn included(&self, root: &mut Value, file: &str) -> Result<(), ModelError> {
        let Some((_, include)) = root.map_mut().and_then(|map| map.remove("include")) else { return Ok(()) };
        if self.chain.len() > MAX_CHAIN {
            let message = "files include one another without end".to_owned();
            return Err(ModelError::At { file: file.to_owned(), span: include.span, message });
        }
        for entry in include.items() {
            let at = |message: String| ModelError::At { file: file.to_owned(), span: entry.span, message };
            let texts = |value: Option<&Value>| -> Vec<String> {
                value.map(merge::sequence).unwrap_or_default().iter().filter_map(Value::text).collect()
            };
            let named = match &entry.data {
                Data::Map(_) => texts(entry.get("path")),
                _ => texts(Some(entry)),
            };
            let Some(first) = named.first() else {
                return Err(at("an entry of `include` names no file".to_owned()));
            };
            let resolved: Vec<String> = named.iter().map(|path| paths::beside(file, path)).collect();
            let mut chain = self.chain.clone();
            chain.push(paths::clean(file));
            if resolved.iter().any(|path| chain.contains(path)) {
                return Err(at(format!("`{first}` includes this file again")));
            }
            let project = entry.get("project_directory").and_then(Value::text);
            let directory = project.clone().unwrap_or_else(|| paths::directory(first).to_owned());
            // Compose resolves against the parent of a project directory that is given.
            let base = project.as_deref().map_or(directory.as_str(), paths::directory);
            let base = if base.is_empty() { "." } else { base }.to_owned();
            let variables = self.variables.map(|known| {
                let mut files = texts(entry.get("env_file"));
                if files.is_empty() {
                    files.push(if directory.is_empty() {
                        ".env".to_owned()
                    } else {
                        format!("{directory}/.env")
                    });
                }
                let mut all = Variables::new();
                for path in files {
                    let text = (self.read)(&paths::beside(file, &path)).unwrap_or_default();
                    all.extend(interpolate::dotenv(&text));
                }
                // What is set for the whole project counts before the included file's own values.
                all.extend(known.clone());
                all
            });
            let inner = Loader { read: self.read, variables: variables.as_ref(), chain };
            let resolved: Vec<&str> = resolved.iter().map(String::as_str).collect();
            let mut imported = inner.project(&resolved).map_err(|error| match error {
                ModelError::Missing { file } => at(format!("`include` names `{file}`, which does not exist")),
                error => error,
            })?;
            canonical::defaults(&mut imported);
            paths::resolve(&mut imported, &base);
            import(root, imported, entry.span, file)?;
        }
        Ok(())
    }
}

/// Adds what an included file defines; the same name may not stand for two things.
fn import(root: &mut Value, imported: Value, at: Span, file: &str) -> Result<(), ModelError> {
    let (Some(target), Data::Map(source)) = (root.map_mut(), imported.data) else { return Ok(()) };
    for (kind, (_, mut entries)) in source {
        if !matches!(kind.as_str(), "services" | "volumes" | "networks" | "secrets" | "configs" | "models") {
            continue;
        }
        entries.move_to(at);
        let (_, slot) = target.entry(kind.clone()).or_insert_with(|| (at, Data::Map(Map::new()).into()));
        if slot.is_null() {
            *slot = Data::Map(Map::new()).into();
        }
        let (Some(slot), Data::Map(entries)) = (slot.map_mut(), entries.data) else { continue };
        for (name, entry) in entries {
            if let Some((_, known)) = slot.get(&name) {
                if known.json() != entry.1.json() {
                    let message = format!("`{kind}.{name}` conflicts with an included file");
                    return Err(ModelError::At { file: file.to_owned(), span: at, message });
                }
                continue;
            }
            slot.insert(name, entry);
        }
    }
    Ok(())
}

/// Marks values as standing where other services take them from.
fn share(value: &mut Value) {
    value.shared = true;
    match &mut value.data {
        Data::Seq(items) => items.iter_mut().for_each(share),
        Data::Map(map) => map.values_mut().for_each(|(_, value)| share(value)),
        _ => {}
    }
}

fn conflict(file: &str, error: &MergeError) -> ModelError {
    ModelError::At { file: file.to_owned(), span: error.span, message: error.to_string() }
}
