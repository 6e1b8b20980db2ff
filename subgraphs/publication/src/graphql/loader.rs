//! Loaders that batch what lists ask for, as far as this viewer may see it.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::{DataLoader, Loader};
use coko_core::Error;
use coko_core::context::CommandContext;
use uuid::Uuid;

use crate::commands::{Publishing, manuscripts};
use crate::model::{
    Balance, Contract, Manuscript, ManuscriptFile, Member, MemberRole, Organization, Party, Version,
};
use crate::store;

/// Adds this request's loaders.
pub(super) fn attach(
    request: Request,
    publishing: &Arc<Publishing>,
    context: &CommandContext,
) -> Request {
    let (service, viewer) = (|| publishing.clone(), || context.clone());
    request
        .data(DataLoader::new(Organizations(service()), tokio::spawn))
        .data(DataLoader::new(Roles(service(), viewer()), tokio::spawn))
        .data(DataLoader::new(Members(service()), tokio::spawn))
        .data(DataLoader::new(
            Manuscripts(service(), viewer()),
            tokio::spawn,
        ))
        .data(DataLoader::new(Titles(service()), tokio::spawn))
        .data(DataLoader::new(LatestVersions(service()), tokio::spawn))
        .data(DataLoader::new(Files(service()), tokio::spawn))
        .data(DataLoader::new(NewestFiles(service()), tokio::spawn))
        .data(DataLoader::new(Contracts(service()), tokio::spawn))
        .data(DataLoader::new(Parties(service()), tokio::spawn))
        .data(DataLoader::new(Balances(service()), tokio::spawn))
}

fn grouped<V>(rows: Vec<V>, key: impl Fn(&V) -> Uuid) -> HashMap<Uuid, Vec<V>> {
    let mut groups: HashMap<Uuid, Vec<V>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

/// Organisations by id.
pub(super) struct Organizations(Arc<Publishing>);

impl Loader<Uuid> for Organizations {
    type Value = Organization;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Organization>, Error> {
        let mut connection = self.0.pool.get().await?;
        let found = store::organizations::by_ids(&mut connection, ids).await?;
        Ok(found.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// What the viewer does for organisations.
pub(super) struct Roles(Arc<Publishing>, CommandContext);

impl Loader<Uuid> for Roles {
    type Value = MemberRole;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, MemberRole>, Error> {
        let Some(user) = self.1.viewer.user_id() else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.pool.get().await?;
        let roles = store::organizations::roles(&mut connection, ids, user).await?;
        Ok(roles.into_iter().collect())
    }
}

/// The members of organisations, the oldest first.
pub(super) struct Members(Arc<Publishing>);

impl Loader<Uuid> for Members {
    type Value = Vec<Member>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Member>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let members = store::organizations::members_of(&mut connection, ids).await?;
        Ok(grouped(members, |member| member.organization_id))
    }
}

/// Manuscripts by id, as far as this viewer may see them.
pub(super) struct Manuscripts(Arc<Publishing>, CommandContext);

impl Loader<Uuid> for Manuscripts {
    type Value = Manuscript;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Manuscript>, Error> {
        let mut connection = self.0.pool.get().await?;
        let found = store::manuscripts::by_ids(&mut connection, ids).await?;
        let seen = manuscripts::visible(&mut connection, &self.1.viewer, found).await?;
        Ok(seen.into_iter().map(|seen| (seen.id, seen)).collect())
    }
}

/// What manuscripts are called, for those whom they earn something.
pub(super) struct Titles(Arc<Publishing>);

impl Loader<Uuid> for Titles {
    type Value = String;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, Error> {
        let mut connection = self.0.pool.get().await?;
        let found = store::manuscripts::by_ids(&mut connection, ids).await?;
        let titles = found.into_iter().map(|found| (found.id, found.title));
        Ok(titles.collect())
    }
}

/// The newest versions of manuscripts.
pub(super) struct LatestVersions(Arc<Publishing>);

impl Loader<Uuid> for LatestVersions {
    type Value = Version;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Version>, Error> {
        let mut connection = self.0.pool.get().await?;
        let found = store::versions::latest(&mut connection, ids).await?;
        let versions = found.into_iter().map(|found| (found.manuscript_id, found));
        Ok(versions.collect())
    }
}

/// Files by id.
pub(super) struct Files(Arc<Publishing>);

impl Loader<Uuid> for Files {
    type Value = ManuscriptFile;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, ManuscriptFile>, Error> {
        let mut connection = self.0.pool.get().await?;
        let found = store::files::by_ids(&mut connection, ids).await?;
        Ok(found
            .into_iter()
            .map(|found| (found.file_id, found))
            .collect())
    }
}

/// What belongs to a manuscript besides its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Accessory {
    Cover,
    Sample,
}

impl Accessory {
    /// The kind of its file.
    fn kind(self) -> &'static str {
        match self {
            Self::Cover => "COVER",
            Self::Sample => "SAMPLE",
        }
    }
}

/// The newest usable file of a kind, of a manuscript.
pub(super) struct NewestFiles(Arc<Publishing>);

impl Loader<(Uuid, Accessory)> for NewestFiles {
    type Value = ManuscriptFile;
    type Error = Error;

    async fn load(
        &self,
        keys: &[(Uuid, Accessory)],
    ) -> Result<HashMap<(Uuid, Accessory), ManuscriptFile>, Error> {
        let mut kinds: Vec<Accessory> = keys.iter().map(|(_, kind)| *kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut connection = self.0.pool.get().await?;
        let mut newest = HashMap::new();
        for kind in kinds {
            let of_kind = keys.iter().filter(|(_, one)| *one == kind);
            let ids: Vec<Uuid> = of_kind.map(|(id, _)| *id).collect();
            for file in store::files::newest(&mut connection, &ids, kind.kind()).await? {
                newest.insert((file.manuscript_id, kind), file);
            }
        }
        Ok(newest)
    }
}

/// The contracts of manuscripts, the oldest first.
pub(super) struct Contracts(Arc<Publishing>);

impl Loader<Uuid> for Contracts {
    type Value = Vec<Contract>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Contract>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let found = store::contracts::of_manuscripts(&mut connection, ids).await?;
        Ok(grouped(found, |contract| contract.manuscript_id))
    }
}

/// The parties of contracts, in their order.
pub(super) struct Parties(Arc<Publishing>);

impl Loader<Uuid> for Parties {
    type Value = Vec<Party>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Party>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let found = store::contracts::parties(&mut connection, ids).await?;
        Ok(grouped(found, |party| party.contract_id))
    }
}

/// What is held for payees and owed to them.
pub(super) struct Balances(Arc<Publishing>);

impl Loader<Uuid> for Balances {
    type Value = Vec<Balance>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Balance>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let found = store::balances::of_payees(&mut connection, ids).await?;
        Ok(grouped(found, |balance| balance.payee_id))
    }
}
