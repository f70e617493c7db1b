-- When each trouble began, and whether it is there still: a policy that changed that day is a good place to look.
SELECT
    cause,
    bucket,
    who,
    MIN(seen_at) AS first_seen,
    MAX(seen_at) AS last_seen,
    SUM(times) AS refused
FROM refusals
WHERE seen_at IS NOT NULL
GROUP BY cause, bucket, who
ORDER BY first_seen DESC, cause, bucket, who;
