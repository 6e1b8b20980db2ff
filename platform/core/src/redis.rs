//! The optional Redis: shared caches and rate limits. Everything that uses it goes on without it.

use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::ClientLike as _;
use fred::types::Builder;
use fred::types::config::{Config, ReconnectPolicy};

/// How long one command may take; a limit or a cached value that takes longer is not worth waiting for.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(250);

/// Connects to `url` (`redis://` or `rediss://`), now or as soon as it is up; commands fail fast meanwhile.
///
/// # Errors
/// When the URL is malformed.
pub fn connect(url: &str) -> Result<Client, String> {
    let malformed =
        |error| format!("the Redis URL is malformed ({error}); expected redis://host:port");
    let mut config = Config::from_url(url).map_err(malformed)?;
    config.fail_fast = false;
    let client = Builder::from_config(config)
        .with_performance_config(|performance| {
            performance.default_command_timeout = COMMAND_TIMEOUT;
        })
        .with_connection_config(|connection| {
            connection.connection_timeout = Duration::from_secs(2);
            connection.internal_command_timeout = Duration::from_secs(2);
            connection.max_command_attempts = 1;
        })
        .set_policy(ReconnectPolicy::new_exponential(0, 100, 5_000, 2))
        .build()
        .map_err(malformed)?;
    // The connection task reports to nobody: every command says for itself whether it worked.
    drop(client.connect());
    Ok(client)
}
