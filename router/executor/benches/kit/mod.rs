//! An operation with its plan, and subgraphs that answer at once with what they have answered before.

use bytes::Bytes;
use coko_bench::subgraphs::{Subgraph, Subgraphs, supergraph};
use coko_executor::{
    ErrorPolicy, ExecutablePlan, ExecutionInput, ExecutionOutput, PlanCancellation, SubgraphReply,
    SubgraphRequest, SubgraphTransport, Supergraph, TransportError, Variables, coerce_variables,
    execute, normalize, plan,
};
use futures::future::BoxFuture;
use graphql_tools::parser::parse_query;
use http::{HeaderMap, StatusCode};
use tokio::time::{Duration, Instant};

/// Everything of an operation that is made once.
pub(crate) struct Prepared {
    supergraph: Supergraph,
    plan: ExecutablePlan,
    variables: Variables,
    transport: Static,
}

struct Static {
    subgraphs: Subgraphs,
    /// By the supergraph's ids.
    by_id: Vec<Subgraph>,
}

impl SubgraphTransport for Static {
    fn call<'a>(
        &'a self,
        request: SubgraphRequest<'a>,
    ) -> BoxFuture<'a, Result<SubgraphReply, TransportError>> {
        let subgraph = self.by_id[request.subgraph.index()];
        let reply = SubgraphReply {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: self.subgraphs.answer(subgraph, &request.body),
        };
        Box::pin(std::future::ready(Ok(reply)))
    }
}

impl Prepared {
    /// Plans a document.
    pub(crate) fn new(document: &str) -> Self {
        let supergraph = Supergraph::parse(&supergraph("http://127.0.0.1:4200").unwrap()).unwrap();
        let document = parse_query::<String>(document).unwrap().into_static();
        let normalized = normalize(&supergraph, &document, None).unwrap();
        let variables =
            coerce_variables(&supergraph, &normalized, &serde_json::Map::new()).unwrap();
        let plan = plan(&supergraph, &normalized, &PlanCancellation::new()).unwrap();
        let by_id = supergraph
            .subgraphs()
            .iter()
            .map(|entry| Subgraph::named(&entry.name).unwrap())
            .collect();
        Self {
            supergraph,
            plan,
            variables,
            transport: Static {
                subgraphs: Subgraphs::default(),
                by_id,
            },
        }
    }

    /// Executes it once.
    pub(crate) async fn run(&self) -> ExecutionOutput {
        let headers = HeaderMap::new();
        let input = ExecutionInput {
            variables: &self.variables,
            headers: &headers,
            deadline: Instant::now() + Duration::from_secs(10),
            transport: &self.transport,
            request_id: "",
            errors: &ErrorPolicy::default(),
            max_errors: 10,
            introspection: true,
            max_response_bytes: 16 << 20,
            files: None,
        };
        execute(&self.supergraph, &self.plan, input).await
    }

    /// The answer, which must be without errors.
    pub(crate) async fn answer(&self) -> Bytes {
        let output = self.run().await;
        assert_eq!(
            output.error_count,
            0,
            "{}",
            String::from_utf8_lossy(&output.body)
        );
        output.body
    }
}
