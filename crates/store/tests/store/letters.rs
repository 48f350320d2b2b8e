//! Which letters use up whose room.

use bailiwick_domain::{
    entity::{Mail, MailChannel, MailKind, MailState},
    time::Span,
};
use bailiwick_store::{Event, Result, Scope, mail};
use bailiwick_testkit::{Tenant, both_databases};

const TO: &str = "una@acme.example";

/// Writes a letter of this kind.
async fn write(tenant: &Tenant, kind: MailKind, to: &str) {
    let store = &tenant.db.store;
    let done: Result<()> = store
        .change(&tenant.job(), async |tx| {
            let now = tx.now();
            let letter = Mail {
                id: store.new_id(),
                kind,
                about: tenant.owner().id().uuid(),
                to: to.to_owned(),
                channel: MailChannel::Mail,
                state: MailState::Waiting,
                fault: None,
                created_at: now,
                settled_at: None,
            };
            let written = mail::insert(tx, letter, b"Hello", now + Span::days(1)).await?;
            let event = Event::new("mail.written", &written)?;
            Ok(tx.record(event, ()))
        })
        .await;
    done.unwrap();
}

/// The letters of the last day that count: all, and those to the mailbox of an address.
async fn counted(tenant: &Tenant, to: &str) -> (i64, i64) {
    let mut view = tenant.db.store.read(&tenant.job()).await.unwrap();
    let since = view.now() - Span::days(1);
    mail::written_since(&mut view, to, since).await.unwrap()
}

both_databases! {
    async fn news_and_links_for_forgotten_passwords_use_up_no_other_letters_room(db: Db) {
        let acme = db.tenant("acme").await;
        let (mut all, mut to_them) = counted(&acme, TO).await;
        for kind in MailKind::ALL {
            write(&acme, *kind, TO).await;
            let counts = i64::from(!kind.is_news() && *kind != MailKind::PasswordReset);
            (all, to_them) = (all + counts, to_them + counts);
            assert_eq!(counted(&acme, TO).await, (all, to_them), "{}", kind.name());
        }
        assert!(to_them > 0);
    }

    async fn tags_of_an_address_share_the_room_of_one_mailbox(db: Db) {
        let acme = db.tenant("acme").await;
        for to in ["una+a@acme.example", "una+b@acme.example", TO, "una.b@acme.example", "una@globex.example"] {
            write(&acme, MailKind::Invitation, to).await;
        }
        for (to, letters) in [(TO, 3), ("una+c@acme.example", 3), ("una.b@acme.example", 1), ("b+una@acme.example", 0)] {
            assert_eq!(counted(&acme, to).await, (5, letters), "{to}");
        }
    }
}
