//! The first start: workspace, default project, shipped roles, and the user `admin` with a password shown once.

use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::{Actor, Door};
use super::audit::Deed;
use super::handle::Service;
use super::identity::record_type;
use super::location::DEFAULT_PROJECT;
use super::shipment::Shipment;
use super::shipped::ORGANIZATION_ADMIN;
use super::token;
use crate::error::Result;
use crate::records::RecordType;
use crate::store::{ListQuery, Row, Scope, Unit, Write};

/// Login name of the first user.
pub const ADMIN: &str = "admin";

/// What the first start made, to be shown once.
#[derive(Debug)]
pub struct FirstStart {
    pub user_id: Uuid,
    pub user_name: String,
    /// One-time password; the user should replace it.
    pub password: String,
}

impl Service {
    /// Makes what an empty store needs. `None` when it was made before.
    pub async fn seed(&self) -> Result<Option<FirstStart>> {
        let query = ListQuery { limit: 1, ..ListQuery::default() };
        let workspaces = self.store().row_list(record_type("WORKSPACE"), &query, &Scope::All).await?;
        if let Some(id) = workspaces.items.first().and_then(Row::id) {
            self.workspace_found(id);
            self.seed_organization(id).await?;
            self.roles_ship(id).await?;
            self.mcp_switch_read().await?;
            return Ok(None);
        }
        let workspace = Service::new_id();
        self.seed_organization(workspace).await?;
        let password = token::password()?;
        let hash = self.passwords().hash(&password).await?;
        let mut writes = Vec::new();
        let mut make = |of: &'static RecordType, id: Uuid, columns: Vec<(&'static str, Value)>| {
            let row = self.seed_row(of, id, workspace, columns);
            writes.push(Write::Insert { table: of.singular, key: &["id"], row });
        };
        make(record_type("WORKSPACE"), workspace, vec![("name", json!("Workspace"))]);
        make(
            record_type("PROJECT"),
            Service::new_id(),
            vec![("name", json!(DEFAULT_PROJECT)), ("description", json!("Takes what has no other place."))],
        );
        let user = Service::new_id();
        make(record_type("USER"), user, vec![("name", json!(ADMIN)), ("password", json!(hash)), ("must_change_password", json!(true))]);
        let roles = Shipment::first(self, workspace);
        let role = roles.role(ORGANIZATION_ADMIN)?;
        let columns = vec![
            ("identity_id", json!(user.to_string())),
            ("role_id", json!(role.to_string())),
            ("propagate", json!(true)),
            ("parent_type", json!("USER")),
        ];
        make(record_type("IDENTITY_ROLE"), Service::new_id(), columns);
        writes.extend(roles.into_writes());
        let deed = Deed { operation: "first_start", record_type: Some("WORKSPACE"), id: Some(workspace), ..Deed::default() };
        writes.push(self.audit(&Actor::system(Door::Server), deed));
        self.store().submit(Unit { writes, lazy: false }).wait().await?;
        self.workspace_found(workspace);
        Ok(Some(FirstStart { user_id: user, user_name: ADMIN.to_owned(), password }))
    }

    /// Finds the organization, or makes it: stores that are older than it have none.
    async fn seed_organization(&self, workspace: Uuid) -> Result<()> {
        let organizations = record_type("ORGANIZATION");
        let query = ListQuery { limit: 1, ..ListQuery::default() };
        let found = self.store().row_list(organizations, &query, &Scope::All).await?.items.first().and_then(Row::id);
        if let Some(id) = found {
            self.organization_found(id);
            return Ok(());
        }
        let id = Service::new_id();
        self.organization_found(id);
        let row = self.seed_row(organizations, id, workspace, vec![("name", json!("Organization"))]);
        let writes = vec![Write::Insert { table: organizations.singular, key: &["id"], row }];
        self.store().submit(Unit { writes, lazy: false }).wait().await
    }

    pub(super) fn seed_row(&self, of: &'static RecordType, id: Uuid, workspace: Uuid, columns: Vec<(&'static str, Value)>) -> Row {
        let now = self.now_text();
        let mut row =
            Row::from([("id", json!(id.to_string())), ("version", json!(1)), ("created_at", json!(now)), ("modified_at", json!(now))]);
        if of.field("workspace_id").is_some() {
            row.set("workspace_id", workspace.to_string());
            row.set("organization_id", self.organization_id().map(|id| id.to_string()));
        }
        for (column, value) in columns {
            row.set(column, value);
        }
        row
    }
}
