//! Query plan and variables to response bytes.
//!
//! This crate owns everything between a validated GraphQL document and the bytes of its answer: reading a
//! supergraph, normalizing and planning an operation, compiling the plan, fetching from subgraphs through a
//! [`SubgraphTransport`], merging what they answer and projecting it into one buffer as the specification says
//! (section 6 and 7, October 2021 and later drafts). It knows nothing of HTTP servers, identity, caching or limits:
//! those belong to the gateway.
//!
//! The order of use is [`Supergraph::parse`], [`normalize`], [`plan`], [`coerce_variables`], [`execute`]. The first
//! three depend on documents alone and their results are meant to be cached; [`execute`] runs once per request. For a
//! subscription the plan names its source ([`ExecutablePlan::source`]), and [`execute_event`] runs once per event. Where
//! `@defer` lets a part of the answer follow later ([`ExecutablePlan::incremental_delivery`]), [`execute_incremental`]
//! stands in for [`execute`].

mod defer;
mod error;
mod execute;
mod files;
mod introspection;
mod json;
mod links;
mod normalize;
mod plan;
mod planner_document;
mod planner_names;
mod planner_split;
mod public_schema;
mod response;
mod root_fields;
mod schema;
mod supergraph;
mod transport;
mod variables;

pub use error::{ErrorCode, GraphQLError, PathSegment};
pub use execute::{
    ErrorExposure, ErrorPolicy, ExecutionInput, ExecutionOutput, FetchOutcome, FetchRecord,
    IncrementalPayload, execute, execute_event, execute_incremental,
};
pub use files::{CallFiles, Files, UploadedFile};
pub use normalize::{NormalizeError, Normalized, normalize};
pub use plan::{
    ExecutablePlan, IncrementalDelivery, OverrideContext, PlanCancellation, PlanError,
    SubscriptionSource, plan, plan_with_overrides,
};
pub use supergraph::{SubgraphEntry, SubgraphId, Supergraph, SupergraphError};
pub use transport::{
    BodyLayout, OperationKind, RepresentationList, SourceEvent, SubgraphEvents, SubgraphReply,
    SubgraphRequest, SubgraphTransport, TransportError,
};
pub use variables::{Variables, coerce_variables};
