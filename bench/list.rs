//! A list among 100,000 settings in 20 projects: for a reader of 10 of them, beside the same query without rights.

use std::time::Instant;

use flowstead::clock::Clock;
use flowstead::config::Config;
use flowstead::records;
use flowstead::service::{Actor, Commands, Door, ListRequest, RecordWrite, Service};
use flowstead::store::{Durability, Options, Row, Store, Unit, Write};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::table::{Table, ms, quantile, times};

const SETTINGS: usize = 100_000;
const PROJECTS: usize = 20;
const READ: usize = 10;
const ROUNDS: usize = 200;
/// Rows of one transaction while the store is filled.
const CHUNK: usize = 5_000;
const STAMP: &str = "2026-11-21T09:00:00.000000+00:00";

/// A store full of settings, and who looks at them.
struct Stock {
    service: Service,
    admin: Actor,
    reader: Actor,
    projects: Vec<Uuid>,
    _folder: TempDir,
}

/// Measures and adds two lines.
pub async fn measure(folder: TempDir, table: &mut Table) {
    let stock = Stock::fill(folder).await;
    // Of 5,000 settings in the project, 500 have the prefix; all of them are looked at for the total.
    let by_project = json!({"and": [
        {"field": "project_id", "op": "eq", "value": stock.projects[3]},
        {"field": "name", "op": "like", "value": "service-3-%"},
    ]});
    stock.compare(table, "list of 50 of 100,000 settings, by project and prefix", by_project, 500).await;
    let projects: Vec<&Uuid> = stock.projects[..READ].iter().collect();
    let by_projects = json!({"and": [
        {"field": "project_id", "op": "in", "value": projects},
        {"field": "name", "op": "like", "value": "service-3-%"},
    ]});
    stock.compare(table, "the same over all 10 projects", by_projects, 5_000).await;
}

impl Stock {
    async fn fill(folder: TempDir) -> Stock {
        let mut config = Config::default();
        folder.path().clone_into(&mut config.server.data);
        let options = Options { folder: folder.path().to_owned(), durability: Durability::Normal };
        let store = Store::open(options).await.expect("the store opens");
        let service = Service::open(store.clone(), Clock::system(), &config, Commands::none()).await.expect("the service opens");
        let first = service.seed().await.expect("it can be seeded").expect("the store is empty");
        let admin = Actor::user(first.user_id, &first.user_name, Door::Rest);
        let mut projects = Vec::new();
        for n in 0..PROJECTS {
            projects.push(make(&service, &admin, "PROJECT", json!({"name": format!("project {n}")})).await);
        }
        let user = make(&service, &admin, "USER", json!({"name": "reader", "password": "a long enough password"})).await;
        let role = make(&service, &admin, "ROLE", json!({"name": "reads ten"})).await;
        for project in &projects[..READ] {
            let permission = json!({"role_id": role, "operation": "READ", "permission_record_type": "SETTING", "project_id": project});
            make(&service, &admin, "ROLE_PERMISSION", permission).await;
        }
        make(&service, &admin, "IDENTITY_ROLE", json!({"identity_id": user, "role_id": role})).await;
        for chunk in (0..SETTINGS).collect::<Vec<_>>().chunks(CHUNK) {
            let writes = chunk.iter().map(|n| Write::Insert { table: "setting", key: &["id"], row: setting(*n, &projects) }).collect();
            store.submit(Unit { writes, lazy: false }).wait().await.expect("the settings are written");
        }
        let reader = Actor::user(user, "reader", Door::Rest);
        Stock { service, admin, reader, projects, _folder: folder }
    }

    async fn list(&self, actor: &Actor, request: &ListRequest, total: u64) -> f64 {
        let begun = Instant::now();
        let page = self.service.record_list(actor, records::find("SETTING").expect("a type"), request).await.expect("listed");
        let took = begun.elapsed().as_secs_f64();
        assert_eq!((page.items.len(), page.total), (50, total), "what is measured is the page and its total");
        took
    }

    async fn compare(&self, table: &mut Table, what: &str, filter: Value, total: u64) {
        let request = ListRequest { filter: Some(filter), order: vec!["-modified_at".to_owned()], ..ListRequest::default() };
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let (seen, all) = (self.list(&self.reader, &request, total).await, self.list(&self.admin, &request, total).await);
            // The first ones read the pages of the file and fill caches.
            if round >= ROUNDS / 10 {
                with.push(seen);
                without.push(all);
            }
        }
        let (seen, all) = (quantile(&mut with, 0.5), quantile(&mut without, 0.5));
        let shown = format!("p50 {}, p95 {}", ms(seen), ms(quantile(&mut with, 0.95)));
        table.compare(what, shown, (format!("without rights {}", ms(all)), times(seen / all)), "within 2x");
    }
}

async fn make(service: &Service, admin: &Actor, of: &str, payload: Value) -> Uuid {
    let Value::Object(columns) = payload else { panic!("a payload is an object") };
    let write = RecordWrite::new(records::find(of).expect("a type"), columns);
    service.record_create(admin, write).await.expect("it is made").id
}

/// Number `n`: in the projects in turn, with ten kinds of names, changed in an order of its own.
fn setting(n: usize, projects: &[Uuid]) -> Row {
    let kind = n / PROJECTS % 10;
    // A prime scatters the times over the projects and names.
    let at = format!("2026-11-21T09:00:00.{:06}+00:00", n * 7_919 % 1_000_000);
    let columns = json!({
        "id": Uuid::now_v7(),
        "version": 1,
        "name": format!("service-{kind}-{n:06}"),
        "project_id": projects[n % PROJECTS],
        "created_at": STAMP,
        "modified_at": at,
        "value": {"url": format!("https://service-{n}.example.com"), "retries": n % 7, "tags": ["one", "two"]},
    });
    let Value::Object(columns) = columns else { unreachable!("it was written as an object") };
    Row::from(columns.into_iter().collect::<Map<_, _>>())
}
