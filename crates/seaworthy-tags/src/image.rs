//! Image lines: the repositories that tags are made for.

use crate::csv;
use crate::{Error, js};

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name as written.
    pub name: String,
    /// Whether tags are made for it.
    pub enable: bool,
}

/// Reads image lines. A single line may also name several repositories, divided by commas.
///
/// # Errors
/// When a line has a word that means nothing, or no name.
pub fn images<S: AsRef<str>>(lines: &[S]) -> Result<Vec<Image>, Error> {
    if let [line] = lines {
        let fields = csv::fields(line.as_ref())?;
        if !fields.iter().any(|field| field.contains('=')) {
            let image = |field: &String| Image { name: js::trim(field).to_owned(), enable: true };
            return Ok(fields.iter().map(image).collect());
        }
    }
    lines.iter().map(|line| image(line.as_ref())).collect()
}

fn image(line: &str) -> Result<Image, Error> {
    let mut image = Image { name: String::new(), enable: true };
    for field in csv::fields(line)? {
        let mut parts = field.split('=').map(js::trim);
        match (parts.next().unwrap_or_default(), parts.next()) {
            (name, None) => name.clone_into(&mut image.name),
            (key, Some(value)) => match (key.to_lowercase().as_str(), value) {
                ("name", _) => value.clone_into(&mut image.name),
                ("enable", "true") => image.enable = true,
                ("enable", "false") => image.enable = false,
                ("enable", _) => {
                    return Err(Error::line(line, format!("`enable={value}` is neither true nor false")));
                }
                (key, _) => return Err(Error::line(line, format!("an image has no `{key}`"))),
            },
        }
    }
    if image.name.is_empty() {
        return Err(Error::line(line, "the image has no name"));
    }
    Ok(image)
}
