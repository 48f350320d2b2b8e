//! The phone number to which a person has one-time codes sent: naming it, proving it, removing it.

mod begin;
mod remove;
mod show;
mod verify;

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::{entity::phone::masked, rule::Rule, time::Timestamp};
use bailiwick_ops::phones::{self, Mine};
use bailiwick_store::{Permit, Store};

use crate::{
    error::Result,
    forms::{Field, Problem, Typed, in_order},
    routes::Routes,
    shell::{Shell, Visit},
    when::When,
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/account/phone", show::show)
        .post("/account/phone", begin::begin)
        .post("/account/phone/verify", verify::verify)
        .get("/account/phone/remove", remove::ask)
        .post("/account/phone/remove", remove::remove)
}

#[derive(Template, WebTemplate)]
#[template(path = "account/phone.html")]
struct PhonePage {
    shell: Shell,
    problems: Vec<Problem>,
    /// Whether the server sends messages at all.
    offered: bool,
    verified: Option<Verified>,
    waiting: Option<Waiting>,
    number: Field,
}

struct Verified {
    number: String,
    since: When,
}

/// A number whose two codes are on their way.
struct Waiting {
    number: String,
    until: When,
    message_code: Field,
    letter_code: Field,
}

impl PhonePage {
    async fn read<R: Rule>(store: &Store, permit: &Permit<R>, visit: &Visit) -> Result<Self> {
        let Mine { verified, waiting } = phones::mine(store, permit).await?;
        Ok(Self {
            shell: Shell::new(permit, visit, "Phone for one-time codes")
                .under("Profile and sign-in", "/account"),
            problems: Vec::new(),
            offered: phones::offered(store),
            verified: verified
                .map(|phone| Verified { number: masked(&phone.number), since: When::day(phone.verified_at) }),
            waiting: waiting.map(|check| Waiting::of(&check.number, check.expires_at)),
            number: Field::new("number", "Phone number").hint("With its country, such as +61 491 570 156."),
        })
    }

    /// The page with what is wrong beside each field; never a code that was typed.
    fn again(mut self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let mut fields = Vec::new();
        if let Some(waiting) = &mut self.waiting {
            fields.extend([waiting.message_code.named(), waiting.letter_code.named()]);
            waiting.message_code = waiting.message_code.clone().emptied(&problems);
            waiting.letter_code = waiting.letter_code.clone().emptied(&problems);
        }
        fields.push(self.number.named());
        Self { number: self.number.again(typed, &problems), problems: in_order(problems, &fields), ..self }
    }
}

impl Waiting {
    fn of(number: &str, until: Timestamp) -> Self {
        Self {
            number: masked(number),
            until: When::moment(until),
            message_code: Field::new("message_code", "Eight digits from the message"),
            letter_code: Field::new("letter_code", "Eight digits from the letter")
                .hint("It went to your address: the mailbox decides where codes go."),
        }
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{
        entity::{MailChannel, MailKind},
        role::Role,
        time::Span,
    };
    use bailiwick_mail::Letter;
    use bailiwick_ops::factors;
    use bailiwick_store::{Outbox, mail};
    use bailiwick_testkit::{Db, Tenant, both_databases};

    use crate::{access::cookies::FLASH, pages::browser::Browser};

    fn sends_messages(db: &Db) {
        db.store.decide_outbox(Outbox { codes: MailChannel::Webhook, ..Outbox::default() });
    }

    /// The newest code that waits on this channel, which can be read this once.
    async fn code(acme: &Tenant, channel: MailChannel) -> String {
        let (store, job) = (&acme.db.store, acme.job());
        let letters = mail::list(&mut store.read(&job).await.unwrap(), None, None).await.unwrap().items;
        let of =
            |kind| move |listed: &&mail::Listed| listed.mail.kind == kind && listed.mail.channel == channel;
        let letter = letters.iter().find(of(MailKind::PhoneCode)).unwrap();
        let claimed = mail::claim(store, &job, letter.mail.id).await.unwrap().unwrap();
        match Letter::from_bytes(claimed.content.as_bytes()) {
            Ok(Letter::PhoneCode(letter)) => letter.code.expose().to_owned(),
            other => panic!("not a code: {other:?}"),
        }
    }

    both_databases! {
        async fn person_proves_a_number_with_both_codes_and_removes_it_again(db: Db) {
            sends_messages(&db);
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get("/account").await.shows(r#"href="/account/phone""#));
            let wrong = owner.post("/account/phone", &[("number", "0491 570 156")]).await;
            assert!(wrong.status == 422 && wrong.shows("with its country") && wrong.shows("0491 570 156"));
            let begun = owner.post("/account/phone", &[("number", "+61 491 570 156")]).await;
            assert_eq!((begun.led(), owner.cookie(FLASH)), ((303, "/account/phone"), Some("phone-asked")));
            let page = owner.get("/account/phone").await;
            assert!(page.shows("•••0156") && page.shows("message_code") && !page.shows("491570156"), "{}", page.body);
            let (message, letter) = (code(&acme, MailChannel::Webhook).await, code(&acme, MailChannel::Mail).await);
            let swapped = owner.post("/account/phone/verify", &[("message_code", &letter), ("letter_code", &message)]).await;
            assert!(swapped.status == 422 && swapped.shows("do not work together") && !swapped.shows(&letter));
            let done = owner.post("/account/phone/verify", &[("message_code", &message), ("letter_code", &letter)]).await;
            assert_eq!((done.led(), owner.cookie(FLASH)), ((303, "/account#phone"), Some("phone-verified")));
            assert!(owner.get("/account").await.shows("•••0156"));
            let used = owner.post("/account/phone/verify", &[("message_code", &message), ("letter_code", &letter)]).await;
            assert!(used.status == 422 && used.shows("do not work together"), "each code works once");
            assert!(owner.get("/account/phone/remove").await.shows("Remove the number?"));
            assert_eq!(owner.post("/account/phone/remove", &[]).await.led(), (303, "/account#phone"));
            assert!(!owner.get("/account").await.shows("•••0156"));
            assert_eq!(owner.post("/account/phone/remove", &[]).await.status, 404);
        }

        async fn owner_reads_that_the_code_went_to_their_phone_and_that_mail_is_the_other_way(db: Db) {
            sends_messages(&db);
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            owner.post("/account/phone", &[("number", "+61 491 570 156")]).await;
            let (message, letter) = (code(&acme, MailChannel::Webhook).await, code(&acme, MailChannel::Mail).await);
            owner.post("/account/phone/verify", &[("message_code", &message), ("letter_code", &letter)]).await;
            let member = acme.add(Role::PlanManager).await.id;
            factors::totp_begin_for(&db.store, &acme.job(), member).await.unwrap();
            let asked = owner.post(&format!("/users/{member}/reset-factors"), &[]).await;
            assert!(asked.shows("as a message to <b>•••0156</b>") && asked.shows("restricted"), "{}", asked.body);
            assert!(asked.shows("href=\"/account/phone\"") && !asked.shows("no mail set up"), "{}", asked.body);
            let id = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let wrong = owner.post(&format!("/users/{member}/reset-factors"), &[("step_up", &id), ("step_up_code", "x")]).await;
            assert!(wrong.status == 422 && wrong.shows("as messages to <b>•••0156</b>"), "{}", wrong.body);
        }

        async fn person_who_signed_in_long_ago_proves_again_who_they_are_first(db: Db) {
            sends_messages(&db);
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            db.clock.advance(Span::minutes(11));
            for path in ["/account/phone", "/account/phone/remove"] {
                assert!(owner.get(path).await.led().1.starts_with("/sign-in/again"), "{path}");
            }
            assert_eq!(owner.post("/account/phone", &[("number", "+61 491 570 156")]).await.led().0, 303);
            assert!(owner.get("/account").await.status.is_success());
        }

        async fn nobody_is_offered_messages_that_the_server_does_not_send(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            assert!(!owner.get("/account").await.shows("/account/phone"));
            let page = owner.get("/account/phone").await;
            assert!(page.shows("sends no messages") && !page.shows("name=\"number\""));
            assert_eq!(owner.post("/account/phone", &[("number", "+61 491 570 156")]).await.status, 409);
        }
    }
}
