//! Sensitive changes, as people make them: asked for, confirmed with the code of the letter.

use bailiwick_domain::{ids::StepUpId, ids::TenantId, rule::SuspendTenant};
use bailiwick_mail::Letter;
use bailiwick_ops::{
    Error,
    step_up::{Answer, Outcome},
    tenants,
};
use bailiwick_store::mail;

use crate::{Actor, Tenant};

impl Actor {
    /// Makes a sensitive change: asks, reads the letter, gives the code back.
    ///
    /// # Errors
    /// The refusal of the operation.
    ///
    /// # Panics
    /// Where the code of the letter does not work.
    pub async fn confirmed<T>(
        &self,
        change: impl AsyncFn(Option<Answer>) -> Result<Outcome<T>, Error>,
    ) -> Result<T, Error> {
        let Outcome::Asked(asked) = change(None).await? else { panic!("no code was asked for") };
        let code = self.mailed_code(asked.id).await;
        match change(Some(Answer { id: asked.id, code })).await? {
            Outcome::Done(value) => Ok(value),
            Outcome::Asked(_) | Outcome::Refused(_) => panic!("the code of the letter does not work"),
        }
    }

    /// The code in the letter to them, which can be read this once.
    ///
    /// # Panics
    /// Where there is no such letter.
    pub async fn mailed_code(&self, id: StepUpId) -> String {
        let (store, job) = (&self.db.store, self.db.job(self.tenant));
        let mut view = store.read(&job).await.expect("a view");
        let letter = mail::newest_about(&mut view, id.uuid()).await.expect("letters").expect("a letter").mail;
        drop(view);
        assert_eq!(letter.to, self.user.email, "whose letter it is");
        let claimed =
            mail::claim(store, &job, letter.id).await.expect("letters").expect("a letter that nobody took");
        match Letter::from_bytes(claimed.content.as_bytes()) {
            Ok(Letter::StepUpCode(letter)) => letter.code.expose().to_owned(),
            other => panic!("not a letter with a code: {other:?}"),
        }
    }
}

impl Tenant {
    /// Suspends a customer, as the owner of this platform does it.
    pub async fn suspend(&self, customer: TenantId) {
        let owner = self.owner();
        let permit = owner.permit::<SuspendTenant>().await;
        owner
            .confirmed(async |answer| {
                tenants::suspend(&self.db.store, &permit, customer, "They did not pay.", answer).await
            })
            .await
            .expect("a suspended customer");
    }
}
