//! Who comes in, and who does not.

use crate::both;
use crate::support::*;
use dispatch::contract::*;
use dispatch::desk::*;

fn new_user(username: &str, role: Role) -> NewUser {
    NewUser {
        username: username.into(),
        name: username.to_uppercase(),
        role,
        password: "kata sandi panjang".into(),
        skills: vec![],
        languages: vec![],
    }
}

both! {
    async fn the_first_administrator_is_set_up_once(house) {
        let desk = &house.desk;
        let first = desk.setup_token().await.unwrap().unwrap();
        let token = desk.setup_token().await.unwrap().unwrap();
        for wrong in ["", "guess", first.as_str()] {
            let refused = desk.set_up(wrong, "azril", "Azril", "kata sandi panjang").await;
            assert!(matches!(refused, Err(DeskError::WrongPassword)));
        }
        let user = desk.set_up(&token, "Azril", "Azril", "kata sandi panjang").await.unwrap();
        assert_eq!((user.username.as_str(), user.role), ("azril", Role::Head));
        assert_eq!(desk.setup_token().await.unwrap(), None);
        let again = desk.set_up(&token, "other", "Other", "kata sandi panjang").await;
        assert!(matches!(again, Err(DeskError::WrongPassword)));
    }

    async fn a_session_lasts_until_signing_out(house) {
        let desk = &house.desk;
        desk.add_user(new_user("rina", Role::Operator)).await.unwrap();
        for (username, password) in [("rina", "wrong password"), ("nobody", "kata sandi panjang")] {
            assert!(matches!(desk.sign_in(username, password).await, Err(DeskError::WrongPassword)));
        }
        let signed_in = desk.sign_in(" RINA ", "kata sandi panjang").await.unwrap();
        let who = desk.session(&signed_in.token).await.unwrap();
        assert_eq!(who, signed_in.principal);
        assert_eq!(desk.me(&who).await.unwrap().name, "RINA");
        assert!(matches!(desk.session("guess").await, Err(DeskError::SignedOut)));
        desk.sign_out(&who).await.unwrap();
        assert!(matches!(desk.session(&signed_in.token).await, Err(DeskError::SignedOut)));
    }

    async fn whoever_is_signed_in_goes_on_working_while_the_database_is_away(house) {
        let desk = &house.desk;
        let rina = desk.add_user(new_user("rina", Role::Operator)).await.unwrap();
        desk.add_user(new_user("budi", Role::Operator)).await.unwrap();
        let known = desk.sign_in("rina", "kata sandi panjang").await.unwrap();
        let never_used = desk.sign_in("budi", "kata sandi panjang").await.unwrap();
        let gone = desk.sign_in("rina", "kata sandi panjang").await.unwrap();
        for token in [&known.token, &gone.token] {
            desk.session(token).await.unwrap();
        }
        desk.sign_out(&gone.principal).await.unwrap();
        desk.store().close().await;
        assert_eq!(desk.session(&known.token).await.unwrap(), known.principal);
        assert_eq!(desk.session_is_alive(&known.token).await.unwrap().user, rina.id);
        for unknown in ["guess", &never_used.token, &gone.token] {
            assert!(matches!(desk.session(unknown).await, Err(DeskError::Store(_))));
            assert!(desk.session_is_alive(unknown).await.is_err());
        }
    }

    async fn whoever_cannot_be_signed_out_while_the_database_is_away_is_not_locked_out_of_the_calls_either(house) {
        let desk = &house.desk;
        desk.add_user(new_user("rina", Role::Operator)).await.unwrap();
        let rina = desk.sign_in("rina", "kata sandi panjang").await.unwrap();
        desk.session(&rina.token).await.unwrap();
        desk.store().close().await;
        assert!(matches!(desk.sign_out(&rina.principal).await, Err(DeskError::Store(_))));
        assert_eq!(desk.session(&rina.token).await.unwrap(), rina.principal, "as she was told");
    }

    async fn whoever_was_thrown_out_is_not_remembered(house) {
        let desk = &house.desk;
        let rina = desk.add_user(new_user("rina", Role::Operator)).await.unwrap();
        let signed_in = desk.sign_in("rina", "kata sandi panjang").await.unwrap();
        desk.session(&signed_in.token).await.unwrap();
        let leave = ChangeUser { active: Some(false), ..ChangeUser::default() };
        desk.change_user(&head(), rina.id, leave).await.unwrap();
        desk.store().close().await;
        assert!(desk.session(&signed_in.token).await.is_err());
    }

    async fn a_session_ends_at_last_however_much_it_is_used(house) {
        let longest = DeskSettings { session_longest: seconds(1), ..DeskSettings::default() };
        let desk = house.restarted(longest).await;
        desk.add_user(new_user("rina", Role::Operator)).await.unwrap();
        let signed_in = desk.sign_in("rina", "kata sandi panjang").await.unwrap();
        eventually(async || matches!(desk.session(&signed_in.token).await, Err(DeskError::SignedOut))).await;
    }

    async fn nobody_raises_anybody_above_themselves(house) {
        let desk = &house.desk;
        let (manager, boss) = (person("Sari", Role::Manager), head());
        assert!(matches!(desk.create_user(&supervisor(), new_user("a1", Role::Operator)).await, Err(DeskError::Forbidden)));
        assert!(matches!(desk.create_user(&manager, new_user("a1", Role::Head)).await, Err(DeskError::Forbidden)));
        let rina = desk.create_user(&manager, new_user("rina", Role::Operator)).await.unwrap();
        let azril = desk.create_user(&boss, new_user("azril", Role::Head)).await.unwrap();
        let promote = ChangeUser { role: Some(Role::Head), ..ChangeUser::default() };
        assert!(matches!(desk.change_user(&manager, rina.id, promote.clone()).await, Err(DeskError::Forbidden)));
        let demote = ChangeUser { role: Some(Role::Operator), ..ChangeUser::default() };
        assert!(matches!(desk.change_user(&manager, azril.id, demote.clone()).await, Err(DeskError::Forbidden)));
        let last = desk.change_user(&boss, azril.id, demote.clone()).await;
        assert!(matches!(last, Err(DeskError::Conflict { code: "last_head", .. })));
        desk.change_user(&boss, rina.id, promote).await.unwrap();
        assert_eq!(desk.change_user(&boss, azril.id, demote).await.unwrap().role, Role::Operator);
        let taken = desk.create_user(&boss, new_user("rina", Role::Operator)).await;
        assert!(matches!(taken, Err(DeskError::Conflict { code: "username_taken", .. })));
        let weak = NewUser { password: "short".into(), ..new_user("budi", Role::Operator) };
        assert!(matches!(desk.create_user(&boss, weak).await, Err(DeskError::Invalid { field: "password", .. })));
        assert_eq!(desk.users(&manager).await.unwrap().len(), 2);
    }

    async fn a_new_password_or_a_deactivation_ends_the_sessions(house) {
        let desk = &house.desk;
        let rina = desk.add_user(new_user("rina", Role::Operator)).await.unwrap();
        let before = desk.sign_in("rina", "kata sandi panjang").await.unwrap();
        let change = ChangeUser { password: Some("kata sandi yang baru".into()), ..ChangeUser::default() };
        desk.change_user(&head(), rina.id, change).await.unwrap();
        assert!(matches!(desk.session(&before.token).await, Err(DeskError::SignedOut)));
        let after = desk.sign_in("rina", "kata sandi yang baru").await.unwrap();
        let leave = ChangeUser { active: Some(false), ..ChangeUser::default() };
        desk.change_user(&head(), rina.id, leave).await.unwrap();
        assert!(matches!(desk.session(&after.token).await, Err(DeskError::SignedOut)));
        assert!(matches!(desk.sign_in("rina", "kata sandi yang baru").await, Err(DeskError::WrongPassword)));
        let actions: Vec<String> =
            desk.audit_entries(&head(), None, 10).await.unwrap().into_iter().map(|entry| entry.action).collect();
        assert_eq!(actions, ["user.changed", "session.began", "user.changed", "session.began"]);
    }
}
