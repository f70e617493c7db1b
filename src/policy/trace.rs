//! The explanation, as data: for every statement which element matched or missed, and why. Words are made from
//! it at the edge ([`Reason::sentence`], [`Reason::label`]).

use super::document::Effect;
use super::layers::Layer;
use super::truth::Truth;
use std::fmt;
use std::ops::Range;

/// Bytes of a document's text.
pub type Span = Range<usize>;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    Allowed,
    /// A Deny matches.
    ExplicitlyDenied,
    /// No Deny matches, and something that had to allow does not.
    ImplicitlyDenied,
    /// It turns on a context key that is unknown or on a layer that could not be read.
    Undetermined,
}

impl Decision {
    /// `explicitly-denied`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitlyDenied => "explicitly-denied",
            Self::ImplicitlyDenied => "implicitly-denied",
            Self::Undetermined => "undetermined",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StatementRef {
    pub index: usize,
    pub sid: Option<String>,
}

/// The decision, and everything that it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    pub decision: Decision,
    /// The layers that have to change before the request is allowed, in the contract's order.
    pub denied_by: Vec<Layer>,
    /// The statements that decided: the matching Denies, or the Allows that let it in.
    pub decisive: Vec<Decisive>,
    /// What an undetermined answer turns on.
    pub depends_on: Vec<Dependency>,
    /// Layers that could not be read, or not whole, and could turn the answer.
    pub unread: Vec<Layer>,
    /// The request is refused whatever is still unknown: only whether by an explicit or an implicit deny may be open.
    pub never_allowed: bool,
    pub layers: Vec<LayerEvaluation>,
}

impl Evaluation {
    #[must_use]
    pub fn layer(&self, layer: Layer) -> Option<&LayerEvaluation> {
        self.layers.iter().find(|evaluation| evaluation.layer == layer)
    }
}

/// A statement that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisive {
    pub layer: Layer,
    pub policy: String,
    /// Which of the layer's policies, levels flattened: the index into [`super::Layers::policies`].
    pub policy_index: usize,
    pub statement: StatementRef,
    pub effect: Effect,
}

/// A key that the answer turns on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// As the request named it, else as the policy does.
    pub key: String,
    pub layer: Layer,
    /// `None` where no statement asks for it: whose account the resource is in.
    pub statement: Option<StatementRef>,
    pub policy: String,
    pub effect: Effect,
    /// What it would have to be for the statement to apply: `StringEquals "vpce-0a1b"`.
    pub wanted: String,
    /// What the statement's applying speaks for.
    pub for_decision: Decision,
}

/// One layer's part.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerEvaluation {
    pub layer: Layer,
    pub outcome: Outcome,
    pub statements: Vec<StatementTrace>,
}

/// What a layer says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    NotApplicable,
    Allows,
    DeniesExplicitly,
    /// It applies, and has no Allow for this.
    NoAllow,
    /// It turns on unknown keys.
    Depends,
    /// It could not be read, and what was read does not settle it.
    Unread,
}

/// One statement, held against the request.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementTrace {
    pub policy: String,
    pub policy_index: usize,
    pub statement: StatementRef,
    pub effect: Effect,
    /// Whether the statement applies to the request.
    pub verdict: Truth,
    /// In the order principal, action, resource, conditions.
    pub elements: Vec<ElementTrace>,
}

/// A part of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    Principal,
    NotPrincipal,
    Action,
    NotAction,
    Resource,
    NotResource,
    Condition { operator: String, key: String },
}

impl Element {
    /// `Action`; `Condition` for all conditions.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Principal => "Principal",
            Self::NotPrincipal => "NotPrincipal",
            Self::Action => "Action",
            Self::NotAction => "NotAction",
            Self::Resource => "Resource",
            Self::NotResource => "NotResource",
            Self::Condition { .. } => "Condition",
        }
    }
}

/// One element, held against the request.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementTrace {
    pub element: Element,
    pub truth: Truth,
    /// The value that matched, or that came closest.
    pub span: Span,
    pub pointer: String,
    pub reason: Reason,
    /// What the request has.
    pub saw: String,
    /// What the policy asks for.
    pub wanted: String,
}

/// Why an element matched or missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    Matches,
    /// The action is another.
    ActionDiffers {
        written: String,
        needed: String,
    },
    /// No such action exists: `s3:HeadObject`. The one that authorises it is `right`.
    ActionDoesNotExist {
        written: String,
        right: String,
    },
    /// A `NotAction` lists it.
    ActionExcluded {
        written: String,
    },
    /// The bucket's ARN, where the object's was needed.
    BucketForObject {
        written: String,
        needed: String,
    },
    /// The objects' ARN, where the bucket's was needed.
    ObjectForBucket {
        written: String,
        needed: String,
    },
    /// The right bucket, other keys.
    OtherPrefix {
        covers: String,
        needed: String,
    },
    /// Another bucket, nearly of the same name.
    BucketTypo {
        written: String,
        needed: String,
        distance: usize,
    },
    /// Another resource.
    ResourceDiffers {
        written: String,
        needed: String,
    },
    /// A `NotResource` lists it.
    ResourceExcluded {
        written: String,
    },
    /// A policy variable has no value for this request.
    VariableAbsent {
        written: String,
    },
    /// Somebody else.
    PrincipalDiffers {
        written: String,
        needed: String,
    },
    /// The id of a user or role that was deleted: `AIDA…`, `AROA…`.
    PrincipalDeleted {
        written: String,
    },
    /// A `NotPrincipal` lists the caller.
    PrincipalExcluded {
        written: String,
    },
    /// A `NotPrincipal` misses one of the caller's ARNs.
    PrincipalNotExcluded {
        missing: String,
    },
    /// A `NotPrincipal` spares nobody who has a permissions boundary.
    PrincipalBounded,
    /// The key is not in the request, and its absence decides.
    KeyAbsent {
        key: String,
        operator: String,
        wanted: String,
    },
    /// The key is in the request, with a value that decides.
    KeyValue {
        key: String,
        operator: String,
        saw: String,
        wanted: String,
    },
    /// The key is not known.
    KeyUnknown {
        key: String,
        operator: String,
        wanted: String,
    },
    /// An element with nothing in it.
    Empty,
}

impl Reason {
    /// A whole sentence without a full stop: what it covers, what was needed.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Matches => "matches".to_owned(),
            Self::ActionDiffers { written, needed } => format!("allows `{written}`; `{needed}` was needed"),
            Self::ActionDoesNotExist { written, right } => {
                format!("`{written}` is no IAM action; `{right}` is what authorises that call")
            }
            Self::ActionExcluded { written } => format!("`NotAction` leaves out `{written}`"),
            Self::BucketForObject { written, needed } => format!("covers `{written}`; objects need `{needed}`"),
            Self::ObjectForBucket { written, needed } => format!("covers `{written}`; the bucket itself is `{needed}`"),
            Self::OtherPrefix { covers, needed } => format!("covers `{covers}`; `{needed}` was needed"),
            Self::BucketTypo { written, needed, .. } => format!("names `{written}`; the bucket is `{needed}`"),
            Self::ResourceDiffers { written, needed } => format!("covers `{written}`; `{needed}` was needed"),
            Self::ResourceExcluded { written } => format!("`NotResource` leaves out `{written}`"),
            Self::VariableAbsent { written } => {
                format!("`{written}` holds a variable that this request has no value for")
            }
            Self::PrincipalDiffers { written, needed } => format!("names `{written}`; the caller is `{needed}`"),
            Self::PrincipalDeleted { written } => {
                format!(
                    "`{written}` is the id of a user or role that was deleted: one made again under the same name does not match"
                )
            }
            Self::PrincipalExcluded { written } => format!("`NotPrincipal` leaves out `{written}`"),
            Self::PrincipalNotExcluded { missing } => format!("`NotPrincipal` does not list `{missing}`"),
            Self::PrincipalBounded => "`NotPrincipal` with Deny denies whoever has a permissions boundary".to_owned(),
            Self::KeyAbsent { key, operator, wanted } => {
                format!("`{operator}` on `{key}` asks for {wanted}; the request has no `{key}`")
            }
            Self::KeyValue { key, operator, saw, wanted } => {
                format!("`{operator}` on `{key}` asks for {wanted}; the request has {saw}")
            }
            Self::KeyUnknown { key, operator, wanted } => {
                format!("`{operator}` on `{key}` asks for {wanted}; what the request has is not known")
            }
            Self::Empty => "is empty, so the statement has no effect".to_owned(),
        }
    }

    /// The few words by the caret.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Matches => "matches".to_owned(),
            Self::ActionDiffers { needed, .. } => format!("not `{needed}`"),
            Self::ActionDoesNotExist { right, .. } => format!("no such action; `{right}` is meant"),
            Self::ActionExcluded { .. } => "this action is left out".to_owned(),
            Self::BucketForObject { .. } => "the bucket, not its objects".to_owned(),
            Self::ObjectForBucket { .. } => "the objects, not the bucket".to_owned(),
            Self::OtherPrefix { covers, .. } => format!("covers only `{covers}`"),
            Self::BucketTypo { needed, .. } => format!("the bucket is `{needed}`"),
            Self::ResourceDiffers { .. } => "another resource".to_owned(),
            Self::ResourceExcluded { .. } => "this resource is left out".to_owned(),
            Self::VariableAbsent { .. } => "a variable without a value here".to_owned(),
            Self::PrincipalDiffers { .. } => "not this caller".to_owned(),
            Self::PrincipalDeleted { .. } => "the id of a deleted principal".to_owned(),
            Self::PrincipalExcluded { .. } => "this caller is left out".to_owned(),
            Self::PrincipalNotExcluded { missing } => format!("does not list `{missing}`"),
            Self::PrincipalBounded => "denies whoever has a permissions boundary".to_owned(),
            Self::KeyAbsent { key, .. } => format!("this request has no `{key}`"),
            Self::KeyValue { saw, .. } => format!("this request has {saw}"),
            Self::KeyUnknown { key, .. } => format!("`{key}` is not known"),
            Self::Empty => "empty".to_owned(),
        }
    }
}

/// The Allow that came closest.
#[derive(Clone, Debug, PartialEq)]
pub struct NearMiss {
    pub policy: String,
    pub policy_index: usize,
    pub statement: StatementRef,
    /// The primary one first. Never empty.
    pub misses: Vec<Miss>,
}

/// One element that kept an Allow from applying.
#[derive(Clone, Debug, PartialEq)]
pub struct Miss {
    pub element: Element,
    pub span: Span,
    /// `/Statement/0/Resource/1`.
    pub pointer: String,
    pub reason: Reason,
    /// "covers `2025/*`; `2026/07/app.log` was needed".
    pub sentence: String,
    /// For the caret.
    pub label: String,
}

/// What to underline in a matching Deny.
#[derive(Clone, Debug, PartialEq)]
pub struct DenyingSpan {
    pub policy: String,
    pub policy_index: usize,
    pub statement: StatementRef,
    /// The element that makes the Deny apply to this request.
    pub span: Span,
    pub pointer: String,
    pub label: String,
    /// The `"Deny"` itself.
    pub effect_span: Span,
    pub element: Element,
    pub reason: Reason,
}

/// The edits that let the request through one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    pub layer: Layer,
    /// At least one; more where several statements deny. They touch different statements.
    pub edits: Vec<RepairEdit>,
}

/// One statement's edit.
#[derive(Clone, Debug, PartialEq)]
pub struct RepairEdit {
    /// The policy to edit; `None` where there is none yet and one has to be made.
    pub policy: Option<String>,
    pub policy_index: Option<usize>,
    pub op: RepairOp,
    /// The statement to add or to put in place.
    pub statement: Option<serde_json::Value>,
    /// The whole document after this edit alone, formatting kept.
    pub edited: String,
}

/// What to do with the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RepairOp {
    AddStatement,
    ReplaceStatement(usize),
    RemoveStatement(usize),
}
