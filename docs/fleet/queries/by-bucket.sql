-- The refusals of each bucket, and what they have in common.
SELECT
    bucket,
    SUM(times) AS refused,
    COUNT(DISTINCT who) AS callers,
    COUNT(DISTINCT action) AS actions,
    array_agg(DISTINCT cause ORDER BY cause) AS causes
FROM refusals
WHERE bucket IS NOT NULL
GROUP BY bucket
ORDER BY refused DESC, bucket;
