//! `coko serve`: roles of this process, each on its own port.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use coko_core::lifecycle::Shutdown;
use coko_core::telemetry;
use coko_gateway::SupergraphSource;
use tokio::net::TcpListener;

use super::Global;
use crate::cli::{Listen, ServeArgs};
use crate::config::Settings;
use crate::roles::{self, ROUTER};
use crate::stack::Stack;

/// Where a checkout and the image keep the composed supergraph.
const COMMITTED_SUPERGRAPH: &str = "schema/supergraph.graphql";

pub(super) async fn run(global: &Global, args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(global.config.as_deref(), None)?;
    let names: Vec<&str> = roles::names()
        .filter(|name| args.roles.iter().any(|role| role == name))
        .collect();
    if args.supergraph.is_some() && !names.contains(&ROUTER) {
        bail!(
            "--supergraph is for the router, and that is not among the roles {}",
            names.join(", ")
        );
    }
    let addresses = addresses(&names, &args.listen, &settings)?;
    let stack = Stack::parse(&settings, &names, supergraph(args, &settings))?;
    let service = match names.as_slice() {
        [name] => name,
        _ => "coko",
    };
    let _telemetry = telemetry::init(&settings.telemetry, service)
        .map_err(anyhow::Error::msg)
        .context("the section `telemetry` cannot be used")?;

    let mut listeners = HashMap::new();
    let mut listening = BTreeMap::new();
    for (name, address) in addresses {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("{name} cannot listen on {address}; choose another address with --listen {name}=ADDRESS:PORT")
        })?;
        listening.insert(name, listener.local_addr()?);
        listeners.insert(name.to_owned(), listener);
    }
    let shutdown = Shutdown::with(settings.stop);
    shutdown.on_signals();
    let running = Box::pin(stack.start(listeners, &shutdown)).await?;
    // Whoever asked for port 0 cannot know otherwise.
    global
        .output
        .line(&serde_json::json!({ "listening": listening }), || {
            let line = |(role, address): (&&str, &SocketAddr)| {
                format!("{role} listens on http://{address}")
            };
            listening.iter().map(line).collect::<Vec<_>>().join("\n")
        });
    let clean = shutdown.wait().await;
    drop(running);
    if !clean {
        bail!("not everything ended in time, and was cut off");
    }
    Ok(ExitCode::SUCCESS)
}

/// `--supergraph`, else what is configured, else the committed file where there is one.
fn supergraph(args: &ServeArgs, settings: &Settings) -> Option<SupergraphSource> {
    if let Some(file) = &args.supergraph {
        return Some(SupergraphSource::File(file.clone()));
    }
    let committed = PathBuf::from(COMMITTED_SUPERGRAPH);
    (!settings.is_set("router.supergraph") && committed.is_file())
        .then_some(SupergraphSource::File(committed))
}

/// Where each role listens: the command line, then the settings, then its default port on 127.0.0.1.
fn addresses<'a>(
    names: &[&'a str],
    listen: &[Listen],
    settings: &Settings,
) -> anyhow::Result<Vec<(&'a str, SocketAddr)>> {
    for listen in listen {
        match &listen.role {
            Some(role) if !names.contains(&role.as_str()) => {
                bail!(
                    "--listen {role}=… names a role that is not served; the roles are {}",
                    names.join(", ")
                );
            }
            None if names.len() > 1 => {
                bail!(
                    "--listen {} does not say for which role; expected --listen ROLE={}",
                    listen.address,
                    listen.address
                );
            }
            _ => {}
        }
    }
    let address = |name: &str| -> anyhow::Result<SocketAddr> {
        let said = listen
            .iter()
            .find(|listen| listen.role.as_deref().is_none_or(|role| role == name));
        if let Some(said) = said {
            return Ok(said.address);
        }
        if let Some(configured) = settings.serve.get(name) {
            return Ok(*configured);
        }
        if name == ROUTER && settings.is_set("router.listen") {
            #[derive(serde::Deserialize)]
            struct Section {
                listen: SocketAddr,
            }
            return Ok(settings.section::<Section>(ROUTER)?.listen);
        }
        Ok(SocketAddr::from((
            Ipv4Addr::LOCALHOST,
            roles::default_port(name),
        )))
    };
    names
        .iter()
        .map(|name| Ok((*name, address(name)?)))
        .collect()
}

#[cfg(test)]
#[expect(
    clippy::result_large_err,
    reason = "figment's jail takes closures with its own error"
)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_beats_settings_beats_defaults() {
        figment::Jail::expect_with(|jail| {
            jail.create_file(
                "coko.toml",
                "[serve]\ncatalog = \"127.0.0.1:7000\"\n[router]\nlisten = \"127.0.0.1:7001\"\n",
            )?;
            let settings = Settings::load(None, None).unwrap();
            let listen = [Listen {
                role: Some("auth".to_owned()),
                address: "127.0.0.1:7002".parse().unwrap(),
            }];
            let found = addresses(&["router", "auth", "catalog"], &listen, &settings).unwrap();
            let ports: Vec<u16> = found.iter().map(|(_, address)| address.port()).collect();
            assert_eq!(ports, [7001, 7002, 7000]);

            let unnamed = [Listen {
                role: None,
                address: "127.0.0.1:1".parse().unwrap(),
            }];
            assert!(addresses(&["auth", "catalog"], &unnamed, &settings).is_err());
            assert_eq!(
                addresses(&["auth"], &unnamed, &settings).unwrap()[0]
                    .1
                    .port(),
                1
            );
            assert!(
                addresses(&["catalog"], &listen, &settings)
                    .unwrap_err()
                    .to_string()
                    .contains("auth")
            );
            Ok(())
        });
    }
}
