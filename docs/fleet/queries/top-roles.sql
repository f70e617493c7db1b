-- Who is refused most: by role or user, and not by session.
SELECT
    account,
    who,
    SUM(times) AS refused,
    COUNT(DISTINCT bucket) AS buckets,
    COUNT(DISTINCT cause) AS causes
FROM refusals
WHERE who IS NOT NULL
GROUP BY account, who
ORDER BY refused DESC, account, who;
