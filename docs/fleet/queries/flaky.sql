-- The same request of the same caller, refused for different reasons at different times, or allowed again a moment later:
-- policies that are changed back and forth, permissions that spread slowly, objects that come and go.
SELECT
    who,
    action,
    bucket,
    COUNT(DISTINCT cause) AS causes,
    SUM(CASE WHEN cause = 'not-reproduced' THEN times ELSE 0 END) AS not_reproduced,
    MIN(seen_at) AS first_seen,
    MAX(seen_at) AS last_seen
FROM refusals
WHERE seen_at IS NOT NULL
GROUP BY who, action, bucket
HAVING COUNT(DISTINCT cause) > 1 OR SUM(CASE WHEN cause = 'not-reproduced' THEN 1 ELSE 0 END) > 0
ORDER BY not_reproduced DESC, causes DESC, who, action, bucket;
