//! `siaga import`: a city's own lists.

use crate::cli::What;
use crate::config::Config;
use crate::lifecycle;
use anyhow::Context;
use dispatch::desk;
use std::path::Path;

/// Reads the whole file before anything is written; a line that cannot be read changes nothing.
pub async fn run(what: What, file: &Path, config: &Config) -> anyhow::Result<()> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    let desk = lifecycle::open_desk(config).await?;
    let summary = match what {
        What::Agencies => desk.import_agencies(desk::parse_agencies(&text).with_context(|| format!("{name}"))?).await?,
        What::Teams => desk.import_teams(desk::parse_teams(&text).with_context(|| format!("{name}"))?).await?,
        What::Cameras => desk.import_cameras(desk::parse_cameras(&text).with_context(|| format!("{name}"))?).await?,
        What::Skills => desk.import_skills(desk::parse_skills(&text).with_context(|| format!("{name}"))?).await?,
        What::Types => desk.import_types(desk::parse_types(&text).with_context(|| format!("{name}"))?).await?,
    };
    println!("{name}: {} added, {} changed", summary.created, summary.updated);
    Ok(())
}
