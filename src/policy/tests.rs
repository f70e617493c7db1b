//! What holds of every decision, whatever the policies: the theorems that AWS's evaluation logic implies.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";

fn a_statement(with_principal: bool) -> impl Strategy<Value = String> {
    let effect = select(vec!["Allow", "Allow", "Deny"]);
    let principal = select(vec![
        r#""Principal": "*""#,
        r#""Principal": {"AWS": "111122223333"}"#,
        r#""Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}"#,
        r#""Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/app/s"}"#,
        r#""Principal": {"AWS": "arn:aws:iam::111122223333:user/ana"}"#,
        r#""NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:user/ana", "arn:aws:iam::111122223333:root"]}"#,
        r#""Principal": {"Federated": "accounts.google.com"}"#,
    ]);
    let action = select(vec![
        r#""Action": "s3:GetObject""#,
        r#""Action": ["s3:Get*", "s3:List*"]"#,
        r#""Action": "*""#,
        r#""NotAction": "s3:PutObject""#,
        r#""Action": "s3:PutObject""#,
    ]);
    let resource = select(vec![
        r#""Resource": "*""#,
        r#""Resource": "arn:aws:s3:::b/*""#,
        r#""Resource": ["arn:aws:s3:::b/x", "arn:aws:s3:::b"]"#,
        r#""NotResource": "arn:aws:s3:::b/secret/*""#,
        r#""Resource": "arn:aws:s3:::b/${aws:PrincipalTag/team}/*""#,
        r#""Resource": "arn:aws:s3:::b/${aws:PrincipalTag/team, 'x'}*""#,
    ]);
    let condition = select(vec![
        "",
        "",
        r#", "Condition": {"StringEquals": {"k:a": "x"}}"#,
        r#", "Condition": {"StringNotEquals": {"k:a": "x"}}"#,
        r#", "Condition": {"StringEquals": {"k:a": ["x", "y"]}, "Null": {"k:b": "false"}}"#,
        r#", "Condition": {"StringNotEqualsIfExists": {"k:b": "y"}}"#,
        r#", "Condition": {"StringLike": {"k:a": "x*"}, "Bool": {"k:b": "true"}}"#,
        r#", "Condition": {"ForAllValues:StringEquals": {"k:a": ["x", "y"]}}"#,
        r#", "Condition": {"ForAnyValue:StringNotEquals": {"k:b": "x"}}"#,
        r#", "Condition": {"Bool": {"k:b": "false"}}"#,
        r#", "Condition": {"StringEquals": {"k:a": "${aws:PrincipalTag/team}"}}"#,
        r#", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app"}}"#,
    ]);
    (effect, principal, action, resource, condition).prop_map(
        move |(effect, principal, action, resource, condition)| {
            let principal = if with_principal { format!("{principal}, ") } else { String::new() };
            format!(r#"{{"Effect": "{effect}", {principal}{action}, {resource}{condition}}}"#)
        },
    )
}

fn statements(with_principal: bool) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(a_statement(with_principal), 1..4)
}

fn document(statements: &[String], rules: Rules) -> Document {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(", "));
    Document::parse(&text, rules).unwrap()
}

fn named(statements: &[String], rules: Rules) -> NamedPolicy {
    NamedPolicy { name: "p".to_owned(), document: document(statements, rules) }
}

#[derive(Clone, Debug)]
struct Setting {
    identity: Option<Vec<String>>,
    boundary: Option<Vec<String>>,
    session: Option<Vec<String>>,
    scp: Option<Vec<Vec<String>>>,
    resource: Option<Vec<String>>,
    public_access: bool,
}

impl Setting {
    fn layers(&self) -> Layers {
        let list = |statements: &Option<Vec<String>>, rules| match statements {
            Some(statements) => Reading::Read(vec![named(statements, rules)]),
            None => Reading::NotApplicable,
        };
        let levels = |levels: &Vec<Vec<String>>| {
            let level = |statements: &Vec<String>| Level {
                level: "l".to_owned(),
                policies: vec![named(statements, Rules::ServiceControl)],
            };
            Reading::Read(levels.iter().map(level).collect())
        };
        Layers {
            identity: list(&self.identity, Rules::Identity),
            permissions_boundary: list(&self.boundary, Rules::Boundary),
            session: list(&self.session, Rules::Session),
            service_control: self.scp.as_ref().map_or(Reading::NotApplicable, levels),
            resource: self
                .resource
                .as_ref()
                .map_or(Reading::NotApplicable, |statements| Reading::Read(named(statements, Rules::Resource))),
            block_public_access: Reading::Read(self.public_access),
            ..Layers::default()
        }
    }
}

fn setting() -> impl Strategy<Value = Setting> {
    let maybe = |with_principal| prop::option::of(statements(with_principal));
    let scp = prop::option::weighted(0.3, prop::collection::vec(statements(false), 1..3));
    (
        maybe(false),
        prop::option::weighted(0.3, statements(false)),
        prop::option::weighted(0.3, statements(false)),
        scp,
        maybe(true),
        any::<bool>(),
    )
        .prop_map(|(identity, boundary, session, scp, resource, public_access)| Setting {
            identity,
            boundary,
            session,
            scp,
            resource,
            public_access,
        })
}

/// A key's state: absent, unknown, or these values.
#[derive(Clone, Debug)]
enum State {
    Absent,
    Unknown,
    Values(Vec<&'static str>),
}

fn a_state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Absent),
        Just(State::Unknown),
        select(vec![
            vec!["x"],
            vec!["y"],
            vec!["xx"],
            vec!["z"],
            vec!["true"],
            vec!["false"],
            vec!["x", "z"],
            vec![""]
        ])
        .prop_map(State::Values),
    ]
}

const KEYS: [&str; 4] = ["k:a", "k:b", "aws:PrincipalTag/team", "aws:FederatedProvider"];

fn context(states: &[State]) -> Context {
    let mut context = Context::closed();
    for (key, state) in KEYS.iter().zip(states) {
        match state {
            State::Absent => context.set_absent(key),
            State::Unknown => context.set_unknown(key),
            State::Values(values) => context.set(key, values.iter().copied()),
        };
    }
    context
}

fn request(states: &[State], principal: &str, account: Option<&str>, resource: &str) -> Request {
    Request {
        principal: principal.parse().unwrap(),
        action: "s3:GetObject".to_owned(),
        resource: resource.to_owned(),
        resource_account: account.map(str::to_owned),
        object_owner: None,
        context: context(states),
    }
}

fn a_request() -> impl Strategy<Value = (Vec<State>, &'static str, Option<&'static str>, &'static str)> {
    let principal = select(vec![
        "arn:aws:iam::111122223333:user/ana",
        "arn:aws:sts::111122223333:assumed-role/app/s",
        "arn:aws:iam::111122223333:role/app",
        "arn:aws:iam::111122223333:root",
        "anonymous",
        "logging.s3.amazonaws.com",
    ]);
    let account = select(vec![Some(OWN), Some(OTHER), None]);
    let resource = select(vec!["arn:aws:s3:::b/x", "arn:aws:s3:::b/secret/y", "arn:aws:s3:::b", "arn:aws:s3:::c/x"]);
    (prop::collection::vec(a_state(), KEYS.len()), principal, account, resource)
}

const DENY_ALL: &str = r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#;
const ALLOW_ALL: &str = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;

fn with(statements: &[String], one: &str) -> Vec<String> {
    let mut all = statements.to_vec();
    all.push(one.to_owned());
    all
}

/// The document with one statement in the place of another.
fn replaced(document: &Document, at: usize, statement: &serde_json::Value, rules: Rules) -> Document {
    let mut whole: serde_json::Value = serde_json::from_str(document.text()).unwrap();
    match &mut whole["Statement"] {
        serde_json::Value::Array(statements) => statements[at] = statement.clone(),
        single => *single = statement.clone(),
    }
    Document::parse(&whole.to_string(), rules).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_explicit_deny_wins(setting in setting(), (states, _, account, resource) in a_request()) {
        let request = request(&states, "arn:aws:iam::111122223333:user/ana", account, resource);
        let mut denied = setting;
        denied.identity = Some(with(denied.identity.as_deref().unwrap_or_default(), DENY_ALL));
        let verdict = decide(&request, &denied.layers());
        prop_assert_eq!(verdict.decision, Decision::ExplicitlyDenied);
        prop_assert!(verdict.denied_by.contains(&Layer::Identity));
    }

    #[test]
    fn order_and_duplicates_do_not_matter(setting in setting(), (states, principal, account, resource) in a_request()) {
        let request = request(&states, principal, account, resource);
        let mut shuffled = setting.clone();
        for statements in [&mut shuffled.identity, &mut shuffled.boundary, &mut shuffled.session, &mut shuffled.resource].into_iter().flatten() {
            let copy = statements.clone();
            statements.reverse();
            statements.extend(copy);
        }
        if let Some(levels) = &mut shuffled.scp {
            levels.reverse();
        }
        let (one, other) = (decide(&request, &setting.layers()), decide(&request, &shuffled.layers()));
        prop_assert_eq!(one.decision, other.decision);
        prop_assert_eq!(one.denied_by, other.denied_by);
    }

    #[test]
    fn learning_a_key_never_flips_a_settled_answer(
        setting in setting(), (states, principal, account, resource) in a_request(), learnt in prop::collection::vec(a_state(), KEYS.len()),
    ) {
        let before = decide(&request(&states, principal, account, resource), &setting.layers());
        let states: Vec<State> = states.into_iter().zip(learnt).map(|(old, new)| if let State::Unknown = old { new } else { old }).collect();
        let after = decide(&request(&states, principal, account, resource), &setting.layers());
        if before.decision != Decision::Undetermined {
            // A single-valued key's cases are exact; a key of several values is outside what equality alone can tell apart.
            let several = states.iter().any(|state| matches!(state, State::Values(values) if values.len() > 1));
            if !several {
                prop_assert_eq!(before.decision, after.decision);
            }
        }
        if before.never_allowed {
            prop_assert!(after.decision != Decision::Allowed);
        }
        prop_assert_eq!(before.decision == Decision::Undetermined, !before.depends_on.is_empty() || !before.unread.is_empty());
    }

    #[test]
    fn a_key_that_is_not_named_does_not_matter(
        setting in setting(), (states, principal, account, resource) in a_request(), learnt in prop::collection::vec(a_state(), KEYS.len()),
    ) {
        let layers = setting.layers();
        let before = decide(&request(&states, principal, account, resource), &layers);
        let named = |key: &str| before.depends_on.iter().any(|dependency| dependency.key.eq_ignore_ascii_case(key));
        let states: Vec<State> = states.into_iter().zip(learnt).zip(KEYS).map(|((old, new), key)| match (old, new) {
            // One value: what several would do is not what the cases try.
            (State::Unknown, State::Values(values)) if !named(key) && values.len() == 1 => State::Values(values),
            (old, _) => old,
        }).collect();
        let after = decide(&request(&states, principal, account, resource), &layers);
        prop_assert_eq!(before.decision, after.decision);
    }

    #[test]
    fn more_allows_never_take_away_and_more_denies_never_give(setting in setting(), (states, principal, account, resource) in a_request()) {
        let request = request(&states, principal, account, resource);
        let before = decide(&request, &setting.layers());
        for layer in 0..4 {
            let mut more = setting.clone();
            let slot = match layer { 0 => &mut more.identity, 1 => &mut more.boundary, 2 => &mut more.session, _ => &mut more.resource };
            let principal = if layer == 3 { r#""Principal": {"AWS": "444455556666"}, "# } else { "" };
            if let Some(statements) = slot {
                *statements = with(statements, &ALLOW_ALL.replacen("\"Action\"", &format!("{principal}\"Action\""), 1));
                let after = decide(&request, &more.layers());
                if before.decision == Decision::Allowed { prop_assert_eq!(after.decision, Decision::Allowed); }
            }
            let mut less = setting.clone();
            let slot = match layer { 0 => &mut less.identity, 1 => &mut less.boundary, 2 => &mut less.session, _ => &mut less.resource };
            if let Some(statements) = slot {
                *statements = with(statements, &DENY_ALL.replacen("\"Action\"", &format!("{principal}\"Action\""), 1));
                let after = decide(&request, &less.layers());
                if before.decision != Decision::Allowed { prop_assert!(after.decision != Decision::Allowed); }
            }
        }
    }

    #[test]
    fn a_layer_that_was_not_read_leaves_open_what_reading_it_could_turn(setting in setting(), (states, principal, account, resource) in a_request()) {
        let request = request(&states, principal, account, resource);
        let layers = setting.layers();
        let read = decide(&request, &layers).decision;
        for layer in 0..5 {
            let mut blind = layers.clone();
            match layer {
                0 => blind.identity = Reading::Unread,
                1 => blind.permissions_boundary = Reading::Unread,
                2 => blind.service_control = Reading::Unread,
                3 => blind.resource = Reading::Unread,
                _ => if let Reading::Read(policies) = layers.identity.clone() { blind.identity = Reading::Partly(policies) },
            }
            let unread = decide(&request, &blind).decision;
            // What a layer's policies say of a key can make it many-valued, and then less is known of it.
            if read == Decision::Undetermined { continue }
            prop_assert!(unread == Decision::Undetermined || unread == read, "{:?} {:?} {}", unread, read, layer);
        }
    }

    #[test]
    fn evaluating_and_deciding_agree_and_every_trace_agrees_with_its_statement(setting in setting(), (states, principal, account, resource) in a_request()) {
        let request = request(&states, principal, account, resource);
        let layers = setting.layers();
        let (evaluation, verdict) = (evaluate(&request, &layers), decide(&request, &layers));
        prop_assert_eq!(evaluation.decision, verdict.decision);
        for layer in &evaluation.layers {
            for trace in &layer.statements {
                let all = trace.elements.iter().fold(Truth::True, |all, element| all.and(element.truth));
                prop_assert_eq!(all, trace.verdict);
                let policies = layers.policies(layer.layer);
                let text = policies[trace.policy_index].document.text();
                for element in &trace.elements {
                    prop_assert!(text.get(element.span.clone()).is_some());
                    let value: serde_json::Value = serde_json::from_str(text).unwrap();
                    prop_assert!(value.pointer(&element.pointer).is_some(), "{}", element.pointer);
                }
            }
            if let Some(near) = nearest_miss(&request, &layers, &evaluation, layer.layer) {
                prop_assert!(!near.misses.is_empty());
            }
        }
        for decisive in &evaluation.decisive {
            if decisive.effect == Effect::Deny {
                prop_assert!(denying_span(&request, &layers, decisive).is_some());
            }
        }
    }

    #[test]
    fn what_blocks_is_what_has_to_change(setting in setting(), (states, principal, account, resource) in a_request()) {
        let states: Vec<State> = states.into_iter().map(|state| if let State::Unknown = state { State::Absent } else { state }).collect();
        let request = request(&states, principal, Some(account.unwrap_or(OWN)), resource);
        let verdict = decide(&request, &setting.layers());
        prop_assert_eq!(verdict.denied_by.is_empty(), verdict.decision == Decision::Allowed);
        // Open every layer that blocks, and the request gets through.
        let mut opened = setting;
        for layer in &verdict.denied_by {
            let open = Some(vec![ALLOW_ALL.to_owned()]);
            match layer {
                Layer::Identity => opened.identity = open,
                Layer::PermissionsBoundary => opened.boundary = open,
                Layer::Session => opened.session = open,
                Layer::ServiceControl => opened.scp = None,
                Layer::Resource => opened.resource = Some(vec![ALLOW_ALL.replacen("\"Action\"", r#""Principal": "*", "Action""#, 1)]),
                Layer::BlockPublicAccess => opened.public_access = false,
                Layer::ResourceControl | Layer::VpcEndpoint => prop_assert!(false, "no such layer was given"),
            }
        }
        // Opening the bucket to everybody makes it public: that is not what is tested here.
        opened.public_access = false;
        prop_assert_eq!(decide(&request, &opened.layers()).decision, Decision::Allowed);
    }

    #[test]
    fn a_repair_lets_this_request_through_its_layer_and_nothing_else(setting in setting(), (states, principal, account, resource) in a_request(), others in prop::collection::vec(a_request(), 12)) {
        let request = request(&states, principal, account, resource);
        let layers = setting.layers();
        let before = decide(&request, &layers);
        for layer in &before.denied_by {
            let Some(repair) = repair(&request, &layers, *layer) else { continue };
            let rules = match layer { Layer::Resource => Rules::Resource, _ => Rules::Identity };
            let denies = |document: &Document| document.statements().iter().filter(|statement| statement.effect() == Effect::Deny).count();
            let mut edited = layers.clone();
            for edit in &repair.edits {
                let alone = Document::parse(&edit.edited, rules).unwrap();
                if let Some(index) = edit.policy_index {
                    prop_assert_eq!(denies(&alone), denies(&layers.policies(*layer)[index].document), "a Deny is never removed");
                }
                edited = match (edit.policy_index, edit.op) {
                    (Some(index), RepairOp::ReplaceStatement(at)) => {
                        let replaced = replaced(&edited.policies(*layer)[index].document, at, edit.statement.as_ref().unwrap(), rules);
                        edited.with_document(*layer, index, replaced).unwrap()
                    }
                    (Some(index), _) => edited.with_document(*layer, index, alone).unwrap(),
                    (None, _) if *layer == Layer::Identity => Layers { identity: Reading::Read(vec![NamedPolicy { name: "new".to_owned(), document: alone }]), ..edited },
                    (None, _) => Layers { resource: Reading::Read(NamedPolicy { name: "new".to_owned(), document: alone }), ..edited },
                };
            }
            let after = evaluate(&request, &edited);
            let adds = repair.edits.iter().any(|edit| edit.op == RepairOp::AddStatement);
            prop_assert!(after.layer(*layer).unwrap().outcome != Outcome::DeniesExplicitly);
            prop_assert!(!adds || !after.denied_by.contains(layer));
            if !adds { continue }
            for (states, principal, account, resource) in &others {
                let mut other = super::tests::request(states, principal, *account, resource);
                other.action = "s3:GetObject".to_owned();
                let same = other.resource == request.resource
                    && (other.principal == request.principal || (other.principal.role_name().is_some() && other.principal.role_name() == request.principal.role_name()));
                let identity_side = !matches!(layer, Layer::Resource | Layer::VpcEndpoint);
                if same || (identity_side && other.resource == request.resource) { continue }
                let (was, is) = (decide(&other, &layers), decide(&other, &edited));
                prop_assert!(is.decision != Decision::Allowed || was.decision == Decision::Allowed || was.decision == Decision::Undetermined, "{:?} {:?}", other, repair.edits);
            }
        }
    }

    #[test]
    fn no_document_panics(text in r#"([\[\]{},:"]|"Statement"|"Effect"|"Allow"|"Action"|"s3:\*"|"Resource"|"\*"|"Principal"|"Condition"|"Bool"|"AWS"| ){0,40}"#, free in ".{0,80}") {
        for rules in [Rules::Identity, Rules::Resource, Rules::Trust, Rules::VpcEndpoint] {
            let _ = Document::parse(&text, rules);
            let _ = Document::parse_url_encoded(&free, rules);
        }
    }

    #[test]
    fn spans_round_trip(statements in statements(true)) {
        let document = document(&statements, Rules::Resource);
        for (written, read) in statements.iter().zip(document.statements()) {
            prop_assert_eq!(&document.text()[read.span()], written.as_str());
            let effect: String = serde_json::from_str(&document.text()[read.effect_span()]).unwrap();
            prop_assert_eq!(effect, read.effect().name());
            let written: serde_json::Value = serde_json::from_str(written).unwrap();
            let action: serde_json::Value = serde_json::from_str(&document.text()[read.action_span()]).unwrap();
            prop_assert!(written.get("Action").or(written.get("NotAction")) == Some(&action));
        }
    }
}

mod scenarios;
