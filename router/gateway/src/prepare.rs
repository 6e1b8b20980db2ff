//! Stages 5 to 7 together, once per document: everything that is derived from the document alone, found by one lookup.

use std::sync::Arc;

use coko_core::Code;
use coko_executor::{Normalized, OperationKind, normalize};
use graphql_tools::static_graphql::query::{Document as Syntax, OperationDefinition};
use http::Method;

use crate::authorize::Demands;
use crate::config::Config;
use crate::context::RequestContext;
use crate::demand::Demand;
use crate::parse::{operation_name, parse, select};
use crate::persisted::Document;
use crate::plans::{Plans, Uses};
use crate::receive::Operation;
use crate::refusal::{GraphQLError, Refusal};
use crate::resolve::Resolved;
use crate::snapshot::Snapshot;
use crate::trace;
use crate::validate::validate;

/// An operation that may be planned: valid, within its limits, normalized.
pub(crate) struct PreparedOperation {
    pub(crate) name: Option<String>,
    pub(crate) kind: OperationKind,
    /// SHA-256 of the document in hexadecimal.
    pub(crate) hash: String,
    /// What it was prepared from, for preparing it again against another supergraph.
    pub(crate) document: Document,
    /// How often it was asked for.
    pub(crate) uses: Uses,
    pub(crate) normalized: Normalized,
    /// What callers must show.
    pub(crate) demands: Demands,
    /// What it costs.
    pub(crate) demand: Demand,
    /// Made when they are first needed: what nobody may run is never planned.
    pub(crate) plans: Plans,
}

/// An operation with what the client sent along.
pub(crate) struct Prepared {
    pub(crate) operation: Arc<PreparedOperation>,
    pub(crate) request: Operation,
}

type Key = ([u8; 32], Option<Arc<str>>);
type Outcome = Result<Arc<PreparedOperation>, Arc<Refusal>>;

/// An outcome with the size of the document it belongs to: what is derived from a document grows with it.
#[derive(Clone)]
struct Remembered {
    outcome: Outcome,
    bytes: usize,
}

/// What even the smallest document takes.
const LEAST_BYTES: usize = 512;

/// Prepared operations of one supergraph, and the refusals of documents that cannot be prepared.
pub(crate) struct PreparedOperations(moka::future::Cache<Key, Remembered>);

impl PreparedOperations {
    pub(crate) fn new(bytes: u64) -> Self {
        let weigh = |_: &Key, remembered: &Remembered| {
            u32::try_from(remembered.bytes.max(LEAST_BYTES)).unwrap_or(u32::MAX)
        };
        Self(
            moka::future::Cache::builder()
                .max_capacity(bytes)
                .weigher(weigh)
                .build(),
        )
    }

    /// Those that can be run, with the name each was asked for by.
    pub(crate) fn operations(&self) -> Vec<(Option<Arc<str>>, Arc<PreparedOperation>)> {
        self.0
            .iter()
            .filter_map(|(key, remembered)| Some((key.1.clone(), remembered.outcome.ok()?)))
            .collect()
    }

    /// Remembers an operation before it is asked for.
    pub(crate) async fn insert(
        &self,
        digest: [u8; 32],
        name: Option<Arc<str>>,
        operation: Arc<PreparedOperation>,
    ) {
        let remembered = Remembered {
            bytes: operation.document.text.len(),
            outcome: Ok(operation),
        };
        self.0.insert((digest, name), remembered).await;
    }
}

/// Finds the prepared operation, or prepares it off the I/O workers.
///
/// # Errors
/// Whatever parsing, validation and normalization refuse; `TIMEOUT` when there was no room to prepare it in time; 405 for a
/// mutation by `GET`.
pub(crate) async fn prepare(
    context: &RequestContext,
    resolved: Resolved,
) -> Result<Prepared, Refusal> {
    let Resolved {
        document,
        operation: request,
    } = resolved;
    let key = (document.digest, request.name.as_deref().map(Arc::from));
    let cache = &context.snapshot.prepared.0;
    let remembered = match cache.get(&key).await {
        Some(remembered) => remembered,
        None => {
            let making = make(context.clone(), document, request.name.clone());
            tokio::time::timeout_at(context.deadline, Box::pin(cache.get_with(key, making)))
                .await
                .map_err(|_| too_late())?
        }
    };
    let operation = remembered
        .outcome
        .map_err(|refusal| Refusal::clone(&refusal))?;
    operation.uses.add();
    check_method(context, &operation)?;
    Ok(Prepared { operation, request })
}

async fn make(context: RequestContext, document: Document, name: Option<String>) -> Remembered {
    let bytes = document.text.len();
    let engine = context.engine.clone();
    // The semaphore is never closed; were it, preparing without a limit is still right.
    let _room = engine.planning.clone().acquire_owned().await.ok();
    let snapshot = context.snapshot.clone();
    let span = trace::preparing();
    let made = tokio::task::spawn_blocking(move || {
        let _inside = span.entered();
        prepare_now(&snapshot, &engine.config, &document, name.as_deref())
    })
    .await;
    let outcome = match made {
        Ok(outcome) => outcome.map(Arc::new).map_err(Arc::new),
        Err(error) => {
            tracing::error!(%error, request_id = &*context.request_id, "preparing an operation failed");
            Err(Arc::new(Refusal::http(
                Code::Internal,
                "Something went wrong on our side.",
            )))
        }
    };
    Remembered { outcome, bytes }
}

/// Parses, validates and normalizes.
pub(crate) fn prepare_now(
    snapshot: &Snapshot,
    config: &Config,
    document: &Document,
    name: Option<&str>,
) -> Result<PreparedOperation, Refusal> {
    let parsed = parse(&document.text, &config.limits)?;
    let operation = select(&parsed, name)?;
    validate(snapshot, config, &parsed, operation)?;
    let normalized = normalize(&snapshot.supergraph, &parsed, name).map_err(|error| {
        Refusal::graphql(vec![GraphQLError::new(
            Code::GraphqlValidationFailed,
            error.to_string(),
        )])
    })?;
    Ok(derive(
        snapshot, config, document, &parsed, operation, normalized,
    ))
}

fn derive(
    snapshot: &Snapshot,
    config: &Config,
    document: &Document,
    parsed: &Syntax,
    operation: &OperationDefinition,
    normalized: Normalized,
) -> PreparedOperation {
    let kind = normalized.kind();
    PreparedOperation {
        name: operation_name(operation).map(str::to_owned),
        kind,
        hash: document.hash(),
        document: document.clone(),
        uses: Uses::default(),
        demands: Demands::of(&snapshot.table, parsed, operation, kind),
        demand: Demand::of(
            &snapshot.table,
            parsed,
            operation,
            kind,
            config.limits.assumed_list_size,
        ),
        normalized,
        plans: Plans::default(),
    }
}

fn check_method(context: &RequestContext, operation: &PreparedOperation) -> Result<(), Refusal> {
    match operation.kind {
        OperationKind::Mutation if context.method == Method::GET => {
            Err(Refusal::method("POST", "A mutation takes POST."))
        }
        OperationKind::Subscription if context.stream.is_none() => {
            Err(Refusal::graphql(vec![GraphQLError::new(
                Code::BadRequest,
                "A subscription is answered by a stream: accept text/event-stream or \
             multipart/mixed;subscriptionSpec=1.0, or use graphql-transport-ws over WebSocket.",
            )]))
        }
        _ => Ok(()),
    }
}

pub(crate) fn too_late() -> Refusal {
    Refusal::http(Code::Timeout, "The request took too long.")
}
