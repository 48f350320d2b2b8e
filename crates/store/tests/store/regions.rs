//! A tenant and the region that its data lies in.

use bailiwick_store::{
    Regions,
    regions::{LOCAL, RegionError},
};
use bailiwick_testkit::both_databases;

use crate::{raw, support::raw::Raw};

both_databases! {
    async fn tenant_of_a_region_that_is_not_served_here_is_named(db: Db) {
        let acme = db.tenant("acme").await;
        db.tenant("globex").await;
        let regions = Regions::local(db.store.clone());
        assert_eq!(regions.names().collect::<Vec<_>>(), [LOCAL]);
        regions.check().await.unwrap();
        let mut raw = Raw::superuser(&db).await;
        raw!(raw, "UPDATE tenant SET region = 'sydney' WHERE id = $1", acme.id().uuid()).unwrap();
        let error = regions.check().await.unwrap_err();
        assert!(matches!(&error, RegionError::Elsewhere { tenant, .. } if *tenant == acme.id()), "{error}");
        let words = error.to_string();
        assert!(words.contains("tenant acme") && words.contains("region `sydney`"), "{words}");
        // Under its own name the same database fits the one, and no more the other.
        let moved: Regions = [("sydney".to_owned(), db.store.clone())].into_iter().collect();
        assert!(matches!(moved.check().await, Err(RegionError::Elsewhere { slug, .. }) if slug == "globex"));
    }
}
