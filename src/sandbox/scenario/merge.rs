//! `extends`: a scenario that is another one with something changed. Most variants differ in who may look and in how
//! refusals read, and a whole world written twice would drift apart.

use toml::{Table, Value};

/// `base` with `over` laid on top. Tables merge; lists of things that have names merge by name, new names at the
/// end; everything else is replaced.
#[must_use]
pub fn merged(mut base: Table, over: Table) -> Table {
    for (key, value) in over {
        let value = match (base.remove(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => Value::Table(merged(below, above)),
            (Some(Value::Array(below)), Value::Array(above)) if are_named(&below) && are_named(&above) => {
                Value::Array(merged_by_name(below, above))
            }
            (_, value) => value,
        };
        base.insert(key, value);
    }
    base
}

fn name(value: &Value) -> Option<&str> {
    let table = value.as_table()?;
    ["name", "id", "key"].into_iter().find_map(|key| table.get(key)?.as_str())
}

fn are_named(values: &[Value]) -> bool {
    values.iter().all(|value| name(value).is_some())
}

fn merged_by_name(mut below: Vec<Value>, above: Vec<Value>) -> Vec<Value> {
    for value in above {
        let at = below.iter().position(|other| name(other) == name(&value));
        match at {
            Some(index) => {
                let taken = std::mem::replace(&mut below[index], Value::Boolean(false));
                below[index] = match (taken, value) {
                    (Value::Table(below), Value::Table(above)) => Value::Table(merged(below, above)),
                    (_, value) => value,
                };
            }
            None => below.push(value),
        }
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_name_is_merged_and_the_rest_replaced() {
        let base: Table = toml::from_str(
            "messages = 'enhanced'\n[[user]]\nname = 'a'\npath = '/x/'\n[[user]]\nname = 'b'\n[cli]\nrun = ['s3', 'ls']\nas = 'user/a'\n[expect]\ncauses = [{cause = 'x'}]",
        )
        .unwrap();
        let over: Table = toml::from_str(
            "messages = 'bare'\n[[user]]\nname = 'a'\nboundary = 'B'\n[[user]]\nname = 'c'\n[cli]\nrun = ['s3', 'cp']\n[expect]\ncauses = [{cause = 'y'}]",
        )
        .unwrap();
        let expected: Table = toml::from_str(
            "messages = 'bare'\n[[user]]\nname = 'a'\npath = '/x/'\nboundary = 'B'\n[[user]]\nname = 'b'\n[[user]]\nname = 'c'\n[cli]\nrun = ['s3', 'cp']\nas = 'user/a'\n[expect]\ncauses = [{cause = 'y'}]",
        )
        .unwrap();
        assert_eq!(merged(base, over), expected);
    }
}
