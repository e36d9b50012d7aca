//! How a setting is described: the table from which `docs/configuration.md` is written.

/// One setting of a section.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    /// The default as it would be written in TOML; empty if the key must be set or may be left out.
    pub default: &'static str,
    pub meaning: &'static str,
}

/// One section of the file.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    pub name: &'static str,
    pub meaning: &'static str,
    pub keys: &'static [Key],
}

pub const fn key(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key { name, default, meaning }
}
