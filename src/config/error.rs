//! A missing or wrong setting, said in one line: which key, what is wrong, what to do.

/// Why the configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting `{key}`: {problem}; {remedy}")]
pub struct ConfigError {
    pub key: String,
    pub problem: String,
    pub remedy: String,
}

impl ConfigError {
    pub fn new(key: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into(), remedy: remedy.into() }
    }

    /// A setting that has no default and was not given.
    pub fn missing(key: &str, remedy: &str) -> Self {
        Self::new(key, "is missing", remedy)
    }
}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> Self {
        let path = error.path.join(".");
        let key = match &error.kind {
            figment::error::Kind::UnknownField(name, _) if path.is_empty() => name.clone(),
            figment::error::Kind::UnknownField(name, _) if !path.ends_with(name.as_str()) => format!("{path}.{name}"),
            figment::error::Kind::MissingField(name) if path.is_empty() => name.to_string(),
            figment::error::Kind::MissingField(name) => format!("{path}.{name}"),
            _ if path.is_empty() => "siaga.toml".to_string(),
            _ => path,
        };
        let remedy = match &error.kind {
            figment::error::Kind::UnknownField(_, known) => format!("remove it, or use one of: {}", known.join(", ")),
            figment::error::Kind::MissingField(_) => "add it; docs/configuration.md lists every key".to_string(),
            _ => "correct it; docs/configuration.md lists every key".to_string(),
        };
        let problem = error.kind.to_string().lines().collect::<Vec<_>>().join(" ");
        Self { key, problem, remedy }
    }
}
