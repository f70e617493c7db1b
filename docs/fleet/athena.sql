-- The reports of why403 for Athena (engine 3). One line of a file is one report; `why403 schema` describes it.
-- Put files at s3://acme-why403-reports/reports/day=2026-07-24/…; the projection finds the days by itself.
-- Run the two statements one after another.

CREATE EXTERNAL TABLE IF NOT EXISTS why403_reports (
    `schema` int,
    `tool` struct<name:string, version:string>,
    `command` struct<argv:array<string>, exit_code:int>,
    `time` string,
    `elapsed_ms` bigint,
    `failures` array<struct<
        line:string, count:bigint, operation:string, error_code:string,
        request:struct<action:string, bucket:string, key:string, profile:string, region:string>,
        script:struct<file:string, line:bigint>,
        caller:struct<arn:string, account:string>,
        blockers:array<struct<cause:string, certainty:string, summary:string>>
    >>
)
PARTITIONED BY (`day` string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true')
LOCATION 's3://acme-why403-reports/reports/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.day.type' = 'date',
    'projection.day.format' = 'yyyy-MM-dd',
    'projection.day.range' = '2026-01-01,NOW',
    'storage.location.template' = 's3://acme-why403-reports/reports/day=${day}/'
);

CREATE OR REPLACE VIEW refusals AS
SELECT
    from_iso8601_timestamp(r.time) AS seen_at,
    array_join(r.command.argv, ' ') AS command,
    r.command.exit_code AS exit_code,
    r.elapsed_ms AS elapsed_ms,
    t.count AS times,
    t.operation AS operation,
    t.request.action AS action,
    t.request.bucket AS bucket,
    t.request.key AS object_key,
    t.request.region AS region,
    t.caller.account AS account,
    t.caller.arn AS caller,
    -- A session belongs to its role.
    COALESCE(
        regexp_extract(t.caller.arn, ':(assumed-role/[^/]+)', 1),
        regexp_extract(t.caller.arn, ':(user/.+|root)$', 1),
        t.caller.arn
    ) AS who,
    t.script.file AS script,
    t.blockers[1].cause AS cause,
    t.blockers[1].certainty AS certainty,
    t.blockers[1].summary AS summary,
    cardinality(t.blockers) AS blockers,
    r.day AS day
FROM why403_reports AS r
-- Trino unnests an array of rows into one column for each field.
CROSS JOIN UNNEST(r.failures) AS t (line, count, operation, error_code, request, script, caller, blockers);
