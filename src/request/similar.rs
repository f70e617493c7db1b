//! Names that a mistyped name may have meant.

/// At most three of `names`, the closest first, as far as a slip of the fingers explains the difference.
#[must_use]
pub fn closest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    const MOST: usize = 3;
    /// Longer names are no profile's; the comparison is quadratic.
    const LONGEST: usize = 128;
    if wanted.is_empty() || wanted.len() > LONGEST {
        return Vec::new();
    }
    let folded = wanted.to_lowercase();
    let allowed = (folded.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = names
        .filter(|name| name.len() <= LONGEST && *name != wanted)
        .filter_map(|name| {
            let other = name.to_lowercase();
            let distance = distance(&folded, &other);
            // `dev` for `dev-admin` and `my_prod` for `prod`: part of the name is how people remember it.
            let part = folded.len() >= 3 && other.len() >= 3 && (other.contains(&folded) || folded.contains(&other));
            (distance <= allowed || part).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
}

/// Letters to insert, delete, replace, or swap with a neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let width = right.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = Vec::with_capacity(width);
        current.push(row + 1);
        for (column, other) in right.iter().enumerate() {
            let kept = above[column] + usize::from(letter != other);
            let mut best = kept.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *letter == right[column - 1] && left[row - 1] == *other {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{closest, distance};

    #[test]
    fn counts_slips() {
        for (left, right, slips) in
            [("dev", "dev", 0), ("dve", "dev", 1), ("prod", "pord", 1), ("", "abc", 3), ("staging", "stagging", 1)]
        {
            assert_eq!(distance(left, right), slips, "{left} {right}");
        }
    }

    #[test]
    fn offers_the_closest_first_and_nothing_far() {
        let names = ["default", "dev-admin", "dev", "prod", "Prod2"];
        assert_eq!(closest("dve", names.into_iter()), ["dev"]);
        assert_eq!(closest("prd", names.into_iter()), ["prod"]);
        assert_eq!(closest("admin", names.into_iter()), ["dev-admin"]);
        assert!(closest("zzzzzz", names.into_iter()).is_empty());
        assert!(closest("", names.into_iter()).is_empty());
    }
}
