//! `coko config`: what can be configured.

use std::process::ExitCode;

use super::Global;
use crate::cli::ConfigCommand;

pub(super) fn run(global: &Global, command: &ConfigCommand) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Schema => {
            let schema = coko_gateway::config::config_schema();
            let text = serde_json::to_string_pretty(&schema)?;
            global.output.result(&schema, || text);
        }
        ConfigCommand::Reference => {
            let page = coko_gateway::config::config_reference();
            global.output.result(&page, || page.clone());
        }
    }
    Ok(ExitCode::SUCCESS)
}
