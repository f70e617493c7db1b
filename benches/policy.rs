//! How fast the evaluator is: a bucket policy of 20 KB with 50 statements parsed, decided and evaluated, and lines of
//! `why403 simulate` answered on one core.
//!
//! `cargo bench --bench policy`. For the whole program on 100,000 lines, beside another evaluator: `benches/simulate-vs-peer`.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use std::fmt::Write as _;
use why403::policy::{Context, Document, Layers, NamedPolicy, Reading, Request, Rules, decide, evaluate, simulate};

#[path = "../tests/differential/generate.rs"]
mod generate;

fn main() {
    divan::main();
}

/// One statement in five denies. Each asks for who, what, where, and two conditions.
fn bucket_policy() -> String {
    let mut text = String::from("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [");
    for index in 0..50 {
        let effect = if index % 5 == 0 { "Deny" } else { "Allow" };
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}
    {{
      "Sid": "Statement{index}",
      "Effect": "{effect}",
      "Principal": {{"AWS": ["arn:aws:iam::111122223333:role/app{index}", "arn:aws:iam::444455556666:root"]}},
      "Action": ["s3:GetObject", "s3:PutObject"],
      "Resource": ["arn:aws:s3:::acme-data/team{index}/*", "arn:aws:s3:::acme-data/shared/*"],
      "Condition": {{
        "StringEquals": {{"aws:PrincipalTag/team": ["red", "blue{index}"]}},
        "IpAddress": {{"aws:SourceIp": "203.0.113.0/24"}}
      }}
    }}"#
        );
    }
    text + "\n  ]\n}"
}

/// Every statement meets the request up to its condition on the tag, which none of them holds.
fn question() -> (Request, Layers) {
    let document = Document::parse(&bucket_policy(), Rules::Resource).expect("a policy");
    let mut context = Context::closed();
    context.set("aws:PrincipalTag/team", ["green"]).set("aws:SourceIp", ["203.0.113.7"]);
    let request = Request {
        principal: "arn:aws:sts::444455556666:assumed-role/app/i-0abc".parse().expect("a principal"),
        action: "s3:GetObject".to_owned(),
        resource: "arn:aws:s3:::acme-data/shared/2026/07/app.log".to_owned(),
        resource_account: Some("111122223333".to_owned()),
        object_owner: None,
        context,
    };
    let resource = Reading::Read(NamedPolicy { name: "bucket policy of acme-data".to_owned(), document });
    (request, Layers { resource, ..Layers::default() })
}

#[divan::bench]
fn parse_20_kb(bencher: Bencher<'_, '_>) {
    let text = bucket_policy();
    bencher.counter(BytesCount::of_str(&text)).bench(|| Document::parse(black_box(&text), Rules::Resource));
}

/// The decision, with what it rests on.
#[divan::bench]
fn decide_50_statements(bencher: Bencher<'_, '_>) {
    let (request, layers) = question();
    bencher.bench(|| decide(black_box(&request), black_box(&layers)));
}

/// The same with the trace of every statement.
#[divan::bench]
fn evaluate_50_statements(bencher: Bencher<'_, '_>) {
    let (request, layers) = question();
    bencher.bench(|| evaluate(black_box(&request), black_box(&layers)));
}

struct Counted(u64);

impl generate::Choose for Counted {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % n
    }
}

/// Lines of one request with two to six policies each, from text to text.
#[divan::bench(sample_count = 20)]
fn answer_1000_lines(bencher: Bencher<'_, '_>) {
    let mut choose = Counted(403);
    let lines: Vec<String> = (0..1000).map(|id| generate::line(&mut choose, &id.to_string()).to_string()).collect();
    bencher
        .counter(ItemsCount::new(lines.len()))
        .bench(|| lines.iter().map(|line| simulate::answer_line(black_box(line)).len()).sum::<usize>());
}
