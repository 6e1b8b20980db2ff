//! `coko token`: root keys, looking into tokens, and narrowing them offline.

use std::collections::{BTreeSet, HashMap};
use std::io::Read as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use biscuit_auth::builder::{BlockBuilder, Term};
use biscuit_auth::{Biscuit, UnverifiedBiscuit};
use coko_core::clock::Clock;
use coko_core::identity::KeySet;
use coko_core::ids::Entropy;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Global;
use crate::cli::{AttenuateArgs, TokenCommand};
use crate::home::root_key;

pub(super) fn run(global: &Global, command: &TokenCommand) -> anyhow::Result<ExitCode> {
    match command {
        TokenCommand::Keygen { id } => keygen(global, *id)?,
        TokenCommand::Inspect { token, public_keys } => {
            inspect(global, token, public_keys.as_deref())?;
        }
        TokenCommand::Attenuate(args) => {
            let now = Clock::system().now();
            let narrowed = attenuate(&given(&args.token)?, args, now)?;
            global
                .output
                .result(&json!({ "token": narrowed }), || narrowed.clone());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn keygen(global: &Global, id: u32) -> anyhow::Result<()> {
    let (private, public) = root_key(&Entropy::system(), id)?;
    let value = json!({ "private": private.expose(), "public": public });
    global.output.result(&value, || {
        format!(
            "private (auth alone: COKO_AUTH_ROOT_KEYS)        {}\n\
             public  (everyone: COKO_IDENTITY_PUBLIC_KEYS)    {public}\n\n\
             To rotate: give everyone the new public key beside the old one, then put the new private key before the old one,\n\
             and retire the old one when the longest-lived token signed with it has ended.",
            private.expose()
        )
    });
    Ok(())
}

fn inspect(global: &Global, token: &str, public_keys: Option<&str>) -> anyhow::Result<()> {
    let text = given(token)?;
    let biscuit = read(&text)?;
    let blocks = (0..biscuit.block_count())
        .map(|index| biscuit.print_block_source(index))
        .collect::<Result<Vec<_>, _>>()?;
    let revocation_ids: Vec<String> = biscuit
        .revocation_identifiers()
        .iter()
        .map(hex::encode)
        .collect();
    let signature = match public_keys {
        None => "not checked; give --public-keys to check it",
        Some(keys) => {
            let keys = KeySet::parse(keys)?;
            match Biscuit::from_base64(&text, &keys) {
                Ok(_) => "genuine",
                Err(_) => "FORGED, or signed by another key",
            }
        }
    };
    let value = json!({
        "rootKeyId": biscuit.root_key_id(),
        "signature": signature,
        "blocks": blocks,
        "revocationIds": revocation_ids,
    });
    global.output.result(&value, || {
        let id = biscuit
            .root_key_id()
            .map_or_else(|| "none".to_owned(), |id| id.to_string());
        let mut lines = vec![
            format!("root key id  {id}"),
            format!("signature    {signature}"),
        ];
        for (index, (source, revocation)) in blocks.iter().zip(&revocation_ids).enumerate() {
            let title = if index == 0 {
                "authority, by auth".to_owned()
            } else {
                format!("block {index}, by a holder")
            };
            lines.push(format!("\n{title}\n  revocation id {revocation}"));
            lines.extend(source.lines().map(|line| format!("  {line}")));
        }
        lines.join("\n")
    });
    Ok(())
}

/// The token with a block of checks more.
fn attenuate(token: &str, args: &AttenuateArgs, now: OffsetDateTime) -> anyhow::Result<String> {
    let until = until(args, now)?;
    if args.operation.is_empty()
        && args.kind.is_empty()
        && args.subgraph.is_empty()
        && until.is_none()
    {
        bail!("nothing to narrow to; expected --operation, --kind, --subgraph, --until or --for");
    }
    let mut block = BlockBuilder::new();
    if !args.operation.is_empty() {
        for hash in &args.operation {
            if hash.len() != 64 || !hash.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
                bail!(
                    "`{hash}` is not the hash of an operation; expected 64 lower-case hexadecimal digits, as `coko operations hash` prints them"
                );
            }
        }
        block = restrict(
            block,
            "check if operation($it), {allowed}.contains($it)",
            &args.operation,
        )?;
    }
    if !args.kind.is_empty() {
        block = restrict(
            block,
            "check if operation_kind($it), {allowed}.contains($it)",
            &args.kind,
        )?;
    }
    if !args.subgraph.is_empty() {
        // The router speaks for no subgraph, and lets the request through to those that do.
        block = restrict(
            block,
            "reject if subgraph($it), !{allowed}.contains($it)",
            &args.subgraph,
        )?;
    }
    if let Some(until) = until {
        let seconds = u64::try_from(until.unix_timestamp()).context("the end lies before 1970")?;
        let terms = HashMap::from([("until".to_owned(), Term::Date(seconds))]);
        block =
            block.code_with_params("check if time($now), $now < {until}", terms, HashMap::new())?;
    }
    Ok(read(token)?
        .append(block)
        .context("the token cannot be narrowed; was it sealed?")?
        .to_base64()?)
}

/// Values go in as parameters, never as text, so that they cannot say anything else.
fn restrict(block: BlockBuilder, rule: &str, allowed: &[String]) -> anyhow::Result<BlockBuilder> {
    let set: BTreeSet<Term> = allowed
        .iter()
        .map(|value| Term::Str(value.clone()))
        .collect();
    let terms = HashMap::from([("allowed".to_owned(), Term::Set(set))]);
    Ok(block.code_with_params(rule, terms, HashMap::new())?)
}

fn until(args: &AttenuateArgs, now: OffsetDateTime) -> anyhow::Result<Option<OffsetDateTime>> {
    let until = match (&args.until, &args.lasting) {
        (Some(text), _) => OffsetDateTime::parse(text, &Rfc3339).with_context(|| {
            format!("`{text}` is not a moment; expected RFC 3339, such as 2027-01-31T18:00:00Z")
        })?,
        (None, Some(text)) => now + duration(text)?,
        (None, None) => return Ok(None),
    };
    if until <= now {
        bail!("the token would end before it begins: {until} is past");
    }
    Ok(Some(until))
}

/// `90s`, `15m`, `24h`, `7d`.
fn duration(text: &str) -> anyhow::Result<time::Duration> {
    let malformed =
        || format!("`{text}` is not a duration; expected a number and a unit: 90s, 15m, 24h, 7d");
    let unit = text.chars().last().with_context(malformed)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => bail!(malformed()),
    };
    let number: i64 = text[..text.len() - 1].parse().with_context(malformed)?;
    let seconds = number
        .checked_mul(seconds)
        .filter(|seconds| (1..=315_360_000).contains(seconds));
    Ok(time::Duration::seconds(seconds.with_context(malformed)?))
}

/// The token of the command line, or of standard input for `-`.
fn given(token: &str) -> anyhow::Result<String> {
    if token != "-" {
        return Ok(token.trim().to_owned());
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("standard input cannot be read")?;
    Ok(text.trim().to_owned())
}

fn read(token: &str) -> anyhow::Result<UnverifiedBiscuit> {
    UnverifiedBiscuit::from_base64(token).context("this is not a biscuit in URL-safe base64")
}

#[cfg(test)]
mod tests {
    use super::*;
    use coko_core::Code;
    use coko_core::identity::{OperationKind, RequestFacts};
    use coko_core::testkit::{TestPlatform, TokenFor};

    fn args(operation: &[&str]) -> AttenuateArgs {
        AttenuateArgs {
            token: String::new(),
            operation: operation.iter().map(|&hash| hash.to_owned()).collect(),
            kind: Vec::new(),
            subgraph: Vec::new(),
            until: None,
            lasting: None,
        }
    }

    fn facts(operation: &str) -> RequestFacts<'_> {
        RequestFacts {
            operation: Some(operation),
            kind: Some(OperationKind::Query),
            ..RequestFacts::default()
        }
    }

    fn partner(test: &TestPlatform) -> String {
        test.token(&TokenFor::Partner {
            partner: "acme",
            client: "web",
            rights: vec!["books:read"],
        })
    }

    #[test]
    fn a_narrowed_token_runs_what_it_names_until_it_ends() {
        let test = TestPlatform::new();
        let now = test.platform.clock.now();
        let [first, second, third] = ["a", "b", "c"].map(|digit| digit.repeat(64));
        let mut args = args(&[&first, &second]);
        args.lasting = Some("5m".to_owned());
        let narrowed = attenuate(&partner(&test), &args, now).unwrap();

        let verify = |operation: &str| test.platform.verifier.verify(&narrowed, facts(operation));
        assert!(verify(&first).unwrap().attenuated);
        assert!(verify(&second).is_ok());
        assert_eq!(verify(&third).unwrap_err().code(), Code::Forbidden);
        test.platform.clock.advance(time::Duration::minutes(6));
        assert!(verify(&first).is_err());
    }

    #[test]
    fn kinds_and_subgraphs_are_narrowed_too() {
        let test = TestPlatform::new();
        let mut args = args(&[]);
        args.kind = vec!["query".to_owned()];
        args.subgraph = vec!["catalog".to_owned()];
        let narrowed = attenuate(&partner(&test), &args, test.platform.clock.now()).unwrap();
        let verify = |kind, subgraph| {
            let facts = RequestFacts {
                kind: Some(kind),
                subgraph,
                ..facts("x")
            };
            test.platform.verifier.verify(&narrowed, facts).is_ok()
        };
        assert!(
            verify(OperationKind::Query, None),
            "the router lets it through"
        );
        assert!(verify(OperationKind::Query, Some("catalog")));
        assert!(!verify(OperationKind::Query, Some("auth")));
        assert!(!verify(OperationKind::Mutation, Some("catalog")));
    }

    #[test]
    fn nonsense_is_refused_with_what_was_expected() {
        let test = TestPlatform::new();
        let token = partner(&test);
        let now = test.platform.clock.now();
        let refusal = |token: &str, args: &AttenuateArgs| {
            format!("{:#}", attenuate(token, args, now).unwrap_err())
        };
        assert!(refusal(&token, &args(&[])).contains("nothing to narrow"));
        assert!(refusal(&token, &args(&["\"}; allow if true"])).contains("64 lower-case"));
        assert!(refusal("nonsense", &args(&[&"a".repeat(64)])).contains("not a biscuit"));
        let with = |lasting: Option<&str>, until: Option<&str>| AttenuateArgs {
            lasting: lasting.map(str::to_owned),
            until: until.map(str::to_owned),
            ..args(&[])
        };
        for text in [
            "",
            "5",
            "h",
            "-5m",
            "0s",
            "5w",
            "9999999999999999999s",
            "99999999d",
            "5é",
        ] {
            assert!(
                refusal(&token, &with(Some(text), None)).contains("duration"),
                "{text}"
            );
        }
        assert!(refusal(&token, &with(None, Some("2020-01-01T00:00:00Z"))).contains("past"));
        assert!(refusal(&token, &with(None, Some("tomorrow"))).contains("RFC 3339"));
    }
}
