-- What stops requests most often, and how sure that is.
SELECT
    cause,
    SUM(times) AS refused,
    COUNT(*) AS failures,
    COUNT(DISTINCT who) AS callers,
    COUNT(DISTINCT bucket) AS buckets,
    SUM(CASE WHEN certainty = 'proven' THEN 1 ELSE 0 END) AS proven
FROM refusals
GROUP BY cause
ORDER BY refused DESC, cause;
